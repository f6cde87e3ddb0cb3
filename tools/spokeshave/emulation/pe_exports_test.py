from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.emulation.pe_exports import exported_names
from spokeshave.setup_steps import SetUpError
from spokeshave.testing.native_fixtures import link_bare


def test_the_names_that_a_dll_exports_are_read(tmp_path: Path) -> None:
    source = "int DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
    source += "__declspec(dllexport) int second(void) { return 2; }\n__declspec(dllexport) int first = 1;\n"
    library = link_bare(tmp_path / "demo.dll", source, "win_amd64")
    assert [name for name in exported_names(library) if name in ("first", "second")] == ["first", "second"]


def test_a_damaged_dll_is_refused(tmp_path: Path) -> None:
    library = tmp_path / "python312.dll"
    for data in (b"", b"MZ" + bytes(200), b"MZ" + b"\xff" * 200):
        library.write_bytes(data)
        with pytest.raises(SetUpError, match="not a DLL"):
            exported_names(library)
