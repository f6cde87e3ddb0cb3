from __future__ import annotations

from pathlib import Path

from spokeshave.emulation.pe_exports import exported_names
from spokeshave.testing.native_fixtures import link_bare


def test_the_names_that_a_dll_exports_are_read(tmp_path: Path) -> None:
    source = "int DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
    source += "__declspec(dllexport) int second(void) { return 2; }\n__declspec(dllexport) int first = 1;\n"
    library = link_bare(tmp_path / "demo.dll", source, "win_amd64")
    assert [name for name in exported_names(library.read_bytes()) if name in ("first", "second")] == ["first", "second"]
