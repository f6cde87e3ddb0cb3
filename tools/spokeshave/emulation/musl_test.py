from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.emulation.catalogue import choose
from spokeshave.emulation.linux import Source
from spokeshave.emulation.musl import lay_out, musl_python
from spokeshave.setup_steps import SetUpError


def test_the_loader_takes_no_library_of_this_machine(tmp_path: Path) -> None:
    """It reads its search path from `etc` next to its own folder. An empty file means no search path."""
    library = tmp_path / "unpacked/usr/lib/x86_64-linux-musl/libc.so"
    library.parent.mkdir(parents=True)
    library.write_text("loader")
    (tmp_path / "unpacked/lib").mkdir()
    (tmp_path / "unpacked/lib/ld-musl-x86_64.so.1").symlink_to("../usr/lib/x86_64-linux-musl/libc.so")
    loader = lay_out(tmp_path, "x86_64")
    assert loader == tmp_path / "lib/ld-musl-x86_64.so.1"
    assert not loader.is_symlink()
    assert loader.read_text() == "loader"
    assert (loader.parent.parent / "etc/ld-musl-x86_64.path").read_text() == ""


def test_a_wrong_processor_is_reported_before_downloads(tmp_path: Path) -> None:
    (wanted,) = choose(["musllinux_1_2_x86_64"], [])
    source = Source("file:/nowhere", tmp_path / "work", "arm64")
    with pytest.raises(SetUpError, match=r"musllinux_1_2_x86_64 Python 3\.13: runs on x86_64 only"):
        musl_python(tmp_path / "python", wanted.guest, "3.13", tmp_path, source)
    assert list(tmp_path.iterdir()) == []
