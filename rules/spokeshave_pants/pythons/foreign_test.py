"""Where the manifest of `spokeshave emulation` is."""

from __future__ import annotations

import pytest

from spokeshave_pants.pythons.foreign import manifest_path


@pytest.mark.parametrize(
    ("folder", "environment", "path"),
    [
        ("<SPOKESHAVE>/emulation", {"SPOKESHAVE_HOME": "/s", "HOME": "/h"}, "/s/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"SPOKESHAVE_HOME": "s", "HOME": "/h"}, "/build/s/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"XDG_CACHE_HOME": "/x"}, "/x/spokeshave/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"HOME": "/h"}, "/h/.cache/spokeshave/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {}, None),
        ("emulators", {}, "/build/emulators/manifest.json"),
        ("", {"HOME": "/h"}, None),
    ],
)
def test_the_manifest_is_found_in_the_set_ups_folder(
    folder: str, environment: dict[str, str], path: str | None
) -> None:
    assert manifest_path(folder, environment, "/build") == path
