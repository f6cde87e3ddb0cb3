from __future__ import annotations

import pytest

from spokeshave.wheel.windows_names import windows_path_fault

DEVICE = "the name of a device"
END = "ends with a dot or space, which Windows removes"


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("demo/aux.py", DEVICE),
        ("demo/AUX", DEVICE),
        ("con.txt", DEVICE),
        ("NUL", DEVICE),
        ("nul.tar.gz", DEVICE),
        ("nul .txt", DEVICE),
        ("demo/com1.x", DEVICE),
        ("lpt9", DEVICE),
        ("COM\N{SUPERSCRIPT ONE}.txt", DEVICE),
        ("conin$", DEVICE),
        ("CONOUT$.log", DEVICE),
        ("aux/data.txt", DEVICE),
        ("demo/a:b.txt", "':'"),
        ('a"<>|?*.txt', "'\"', '*', '<', '>', '?', '|'"),
        ("a\\b", r"'\\'"),
        ("a\tb", r"'\t'"),
        ("demo/end.", END),
        ("demo /a.txt", END),
        ("x" * 256, "more than 255"),
        ("\N{GRINNING FACE}" * 128, "more than 255"),
        ("x" * 255, None),
        ("demo/auxiliary.py", None),
        ("console.txt", None),
        ("com0", None),
        ("com10.txt", None),
        ("demo/.hidden", None),
        ("a b.txt", None),
        ("demo/\u00e9\u4e2d.txt", None),
    ],
)
def test_names_that_windows_cannot_hold_are_found(path: str, fault: str | None) -> None:
    found = windows_path_fault(path)
    assert found is None if fault is None else fault in (found or "")
