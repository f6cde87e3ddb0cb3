from __future__ import annotations

import pytest

from spokeshave.wheel.location import Location, Root


@pytest.mark.parametrize(
    ("file", "location"),
    [
        ("demo/a.py", Location(Root.PACKAGES, "demo/a.py")),
        ("x-1.data/platlib/demo/a.so", Location(Root.PACKAGES, "demo/a.so")),
        ("x-1.data/purelib/a.py", Location(Root.PACKAGES, "a.py")),
        ("x-1.data/data/lib/libx.so", Location(Root.PREFIX, "lib/libx.so")),
        ("x-1.data/scripts/tool", Location(Root.PREFIX, "bin/tool")),
        ("x-1.data/headers/x.h", Location(Root.HEADERS, "x.h")),
        ("x-1.data/unknown/x", None),
        ("x-1.data/data", None),
        ("x-1.data", None),
        ("demo/x.data/unknown/x", Location(Root.PACKAGES, "demo/x.data/unknown/x")),
    ],
)
def test_files_are_installed_by_scheme(file: str, location: Location | None) -> None:
    assert Location.of(file) == location


@pytest.mark.parametrize(
    ("file", "path", "found"),
    [
        ("x-1.data/platlib/demo/a.so", "/lib", "demo/lib"),
        ("x-1.data/platlib/demo/a.so", "/..", "."),
        ("a.so", "", "."),
        ("a.so", "/..", None),
        ("demo/a.so", "/../../../../lib", None),
        ("x-1.data/scripts/tool", "/../lib", "lib"),
        ("x-1.data/scripts/tool", "/../../lib", None),
    ],
)
def test_paths_stay_below_their_root(file: str, path: str, found: str | None) -> None:
    location = Location.of(file)
    assert location is not None
    target = location.folder.find(path)
    assert (target and target.path) == found


def test_no_path_leads_from_one_root_to_another() -> None:
    program = Location(Root.PREFIX, "bin/tool")
    library = Location(Root.PREFIX, "lib/libx.so")
    assert library.folder.path_from(program.folder) == "../lib"
    assert library.path_from(Location(Root.PACKAGES, "demo")) is None
