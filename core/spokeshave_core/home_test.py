from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave_core.home import NoHomeError, emulation_folder, spokeshave_home


@pytest.mark.parametrize(
    ("variables", "home"),
    [
        ({"SPOKESHAVE_HOME": "/s", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/s"),
        ({"SPOKESHAVE_HOME": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/spokeshave"),
        ({"HOME": "/h"}, "/h/.cache/spokeshave"),
        ({"USERPROFILE": "/u"}, "/u/.cache/spokeshave"),
    ],
)
def test_the_folder_is_the_launchers(variables: dict[str, str], home: str) -> None:
    assert spokeshave_home(variables) == Path(home)
    assert emulation_folder(variables) == Path(home, "emulation")


def test_a_relative_folder_is_one_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert spokeshave_home({"SPOKESHAVE_HOME": "here"}) == tmp_path / "here"


def test_a_missing_home_is_reported() -> None:
    with pytest.raises(NoHomeError, match="none of the variables SPOKESHAVE_HOME, XDG_CACHE_HOME and HOME"):
        spokeshave_home({})
