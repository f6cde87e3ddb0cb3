"""Tests of Windows headers by Microsoft's names."""

from __future__ import annotations

from spokeshave_pants.cc.compile.windows_headers import WINDOWS_HEADERS_DIR, capitalized, forwarding_headers

EXISTING = [
    f"{WINDOWS_HEADERS_DIR}/{name}" for name in ("windows.h", "shlobj.h", "GL/gl.h", "sys/stat.h", "both.h", "Both.h")
]


def test_names_in_another_case_are_candidates() -> None:
    assert capitalized(["windows.h", "Windows.h", "WinSock2.h", "../X.h", "Python.h"]) == (
        *("Python.h", "WinSock2.h", "Windows.h"),
    )


def test_a_header_that_exists_in_lower_case_is_forwarded_to() -> None:
    headers = forwarding_headers(
        ["Windows.h", "ShlObj.h", "Sys/Stat.h", "Lost.h", "GL/gl.h", "Python.h", "Both.h"], EXISTING
    )
    assert headers == {
        "__case/Windows.h": "#include <windows.h>\n",
        "__case/ShlObj.h": "#include <shlobj.h>\n",
        "__case/Sys/Stat.h": "#include <sys/stat.h>\n",
    }
