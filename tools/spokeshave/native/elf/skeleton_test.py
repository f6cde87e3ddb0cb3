from __future__ import annotations

import filecmp
import shutil
import subprocess
from pathlib import Path

import pytest

from spokeshave.native.elf.patchelf import PinnedPatchelf
from spokeshave.native.elf.skeleton import Skeleton
from spokeshave.testing.native_fixtures import TARGETS, compile_library, link_bare

SIZE = 20 << 20
PLATFORMS = [platform for platform in TARGETS if "linux" in platform]
VISIBLE = '__attribute__((visibility("default")))'


def large(folder: Path, platform: str, section: str = ".rodata") -> Path:
    code = f'__asm__(".section {section}\\ntable: .fill {SIZE}, 1, 0x5a\\n.text\\n");'
    source = f'extern char table[] __asm__("table"); {code} {VISIBLE} int core(void) {{ return table[1]; }}'
    return link_bare(folder / "libcore.so", source, platform, "-Wl,-soname,libcore.so", "-Wl,-rpath,/build/here")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_editing_a_skeleton_equals_editing_the_file(tmp_path: Path, platform: str) -> None:
    whole = large(tmp_path, platform)
    by_skeleton = Path(shutil.copy(whole, tmp_path / "skeleton.so"))
    patchelf = PinnedPatchelf()
    program = str(patchelf._program)
    patchelf.set_soname(by_skeleton, "libcore-0123456789abcdef.so")
    subprocess.run([program, "--set-soname", "libcore-0123456789abcdef.so", str(whole)], check=True)
    assert filecmp.cmp(by_skeleton, whole, shallow=False)
    patchelf.set_rpath(by_skeleton, "$ORIGIN/../somewhere/else")
    for options in (["--remove-rpath"], ["--force-rpath", "--set-rpath", "$ORIGIN/../somewhere/else"]):
        subprocess.run([program, *options, str(whole)], check=True)
    assert filecmp.cmp(by_skeleton, whole, shallow=False)


@pytest.mark.parametrize("section", [".rodata", '.text,\\"ax\\"'])
def test_a_skeleton_is_small_and_fills_up_to_the_same_file(tmp_path: Path, section: str) -> None:
    whole = large(tmp_path, "manylinux_2_17_x86_64", section)
    skeleton = Skeleton.of(whole)
    assert skeleton is not None
    skeleton.cut(whole, tmp_path / "small")
    assert (tmp_path / "small").stat().st_size < SIZE // 10
    copy = Path(shutil.copy(whole, tmp_path / "copy"))
    skeleton.fill(tmp_path / "small", copy)
    assert filecmp.cmp(whole, copy, shallow=False)


def test_a_small_file_has_no_skeleton(tmp_path: Path) -> None:
    source = f"{VISIBLE} int core(void) {{ return 1; }}"
    assert Skeleton.of(compile_library(tmp_path / "libcore.so", source)) is None


def test_a_large_file_that_is_not_elf_has_no_skeleton(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(SIZE))
    assert Skeleton.of(tmp_path / "data") is None
