from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.native.elf.file import read_elf
from spokeshave.testing.native_fixtures import MANYLINUX, compile_library, module_source
from spokeshave_core.reports.place import PlaceReport

ABI = f"cp3{sys.version_info[1]}"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a C library that counts its calls."""
    folder = tmp_path_factory.mktemp("libraries")
    source = '__attribute__((visibility("default"))) int tally(void) { static int n; return ++n; }'
    compile_library(folder / "libtally.so", source, "-Wl,-soname,libtally.so")
    return folder


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory, libraries: Path) -> Path:
    """Return an extension that calls the library when it is imported, and has no search path."""
    source = module_source("native", "tally();", "extern int tally(void);")
    path = tmp_path_factory.mktemp("linked") / "native.abi3.so"
    return compile_library(path, source, str(libraries / "libtally.so"))


def arguments(tmp_path: Path, files: dict[str, Path], libraries: Path) -> list[str]:
    root = tmp_path / "files"
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(source.read_bytes())
    argv = ["place", "--files", str(root), "--package", "demo", "--abi", ABI, "--platform", MANYLINUX]
    argv += ["--library-dir", str(libraries), "--output", str(tmp_path / "out")]
    return [*argv, "--report", str(tmp_path / "report.json")]


def placed(tmp_path: Path, files: dict[str, Path], libraries: Path, *options: str) -> tuple[Path, list[str]]:
    assert main([*arguments(tmp_path, files, libraries), *options]) == 0
    report = PlaceReport.from_json((tmp_path / "report.json").read_text())
    return tmp_path / "out", list(report.files)


def imports(root: Path, code: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import demo.native; {code}"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_an_extension_finds_a_copy_of_its_library(tmp_path: Path, extension: Path, libraries: Path) -> None:
    root, files = placed(tmp_path, {"demo/native.abi3.so": extension}, libraries)
    short = sha256_of_file(libraries / "libtally.so")[0][:8]
    assert files == ["demo.libs/libtally-" + short + ".so", "demo/native.abi3.so"]
    assert read_elf(root / "demo/native.abi3.so", "native").search_path == ("$ORIGIN/../demo.libs",)
    imports(root, "")


def test_an_own_library_is_shared_with_ctypes(tmp_path: Path, extension: Path, libraries: Path) -> None:
    given = {"demo/native.abi3.so": extension, "demo/lib/libtally.so": libraries / "libtally.so"}
    root, files = placed(tmp_path, given, libraries, "--own-library", "demo/lib/libtally.so")
    assert files == sorted(given)
    library = root / "demo/lib/libtally.so"
    imports(root, f"import ctypes; sys.exit(ctypes.CDLL({str(library)!r}).tally() != 2)")


def test_a_missing_library_is_an_error(tmp_path: Path, extension: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(arguments(tmp_path, {"demo/native.abi3.so": extension}, tmp_path / "empty")) == 1
    assert "libtally.so" in capfd.readouterr().err
