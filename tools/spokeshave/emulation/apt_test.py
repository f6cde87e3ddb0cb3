from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spokeshave.emulation.apt import AptRoot, make_relocatable, origins_of, unpack
from spokeshave.files import sha256_of_file
from spokeshave.setup_steps import SetUpError, Tool
from spokeshave_core.manifest import Origin


def test_links_of_an_unpacked_root_stay_inside_it(tmp_path: Path) -> None:
    """Like the loader's of ppc64el and riscv64, and `/lib` of a merged system."""
    root = tmp_path / "root"
    (root / "usr/lib/riscv64-linux-gnu").mkdir(parents=True)
    (root / "usr/lib/riscv64-linux-gnu/ld.so").write_text("loader")
    (root / "usr/lib/ld-linux.so.1").symlink_to("/lib/riscv64-linux-gnu/ld.so")
    (root / "usr/lib/near.so").symlink_to("riscv64-linux-gnu/ld.so")
    make_relocatable(root)
    moved = root.rename(tmp_path / "elsewhere")
    assert (moved / "lib/ld-linux.so.1").read_text() == "loader"
    assert str((moved / "usr/lib/near.so").readlink()) == "riscv64-linux-gnu/ld.so"
    make_relocatable(moved)
    assert (moved / "lib/ld-linux.so.1").read_text() == "loader"


def build_package(folder: Path) -> None:
    """Build a Debian package with one file by the real tool."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    control = "Package: demo\nVersion: 1:2.0-1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: demo\n"
    (tree / "DEBIAN/control").write_text(control)
    (tree / "usr/share").mkdir(parents=True)
    (tree / "usr/share/demo").write_text("demo")
    Tool("", {}).run(["dpkg-deb", "--build", "tree", "demo_1%3a2.0-1_all.deb"], folder)
    shutil.rmtree(tree)


def test_unpacked_packages_have_name_version_and_hash(tmp_path: Path) -> None:
    build_package(tmp_path)
    unpack(tmp_path, tmp_path / "root")
    assert (tmp_path / "root/usr/share/demo").read_text() == "demo"
    (origin,) = origins_of(tmp_path)
    assert origin == Origin("demo:all", "1:2.0-1", origin.sha256)
    assert len(origin.sha256) == 64


def test_an_index_without_debians_signature_is_refused(tmp_path: Path) -> None:
    """A complete archive with one package but without signature. apt refuses it, as its check is not disabled."""
    index = tmp_path / "mirror/dists/trixie/main/binary-arm64/Packages"
    index.parent.mkdir(parents=True)
    index.write_text(f"Package: demo\nVersion: 1\nArchitecture: arm64\nFilename: d.deb\nSize: 1\nSHA256: {'0' * 64}\n")
    listed = f" {sha256_of_file(index)[0]} {index.stat().st_size} main/binary-arm64/Packages\n"
    release = f"Suite: trixie\nCodename: trixie\nComponents: main\nArchitectures: arm64\nSHA256:\n{listed}"
    (tmp_path / "mirror/dists/trixie/Release").write_text(release)
    folder = tmp_path / "apt"
    folder.mkdir()
    with pytest.raises(SetUpError, match="is not signed"):
        AptRoot(folder=folder, mirror=f"file:{tmp_path}/mirror", suite="trixie", architecture="arm64").closure("demo")


def test_a_failing_command_is_reported_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(SetUpError) as caught:
        Tool("Fix it.", {}).run(["sh", "-c", "echo sorry >&2; exit 3"], tmp_path)
    assert str(caught.value) == "sh: `sh -c echo sorry >&2; exit 3 ...` ended with exit code 3\nsorry\n    Fix it."
    with pytest.raises(SetUpError, match="no-such-program: cannot be started"):
        Tool("Fix it.", {}).run(["no-such-program"], tmp_path)
