from __future__ import annotations

from pathlib import Path

from spokeshave.release.index.writer.change import not_writable


def test_windows_without_developer_mode_has_a_remedy() -> None:
    error = OSError(22, "A required privilege is not held by the client", "index/current")
    error.winerror = 1314  # type: ignore[attr-defined]
    assert str(not_writable(Path("index"), error)) == (
        "index/current: cannot be written: A required privilege is not held by the client\n"
        "    Enable the developer mode of Windows, or run as administrator: an index consists of symbolic links."
    )
