"""Tests of the Pythons and the platforms that wheels serve."""

from __future__ import annotations

import pytest

from spokeshave.release.index.people.coverage import cover
from spokeshave.release.index.people.platforms import name_platform
from spokeshave.testing.people_fixtures import LINUX, release_file, wheel
from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.wheel_name import WheelName

GIL = [str(release.version) for release in RELEASES]
ALL = [str(build) for release in RELEASES for build in release.builds]


def pythons(tag: str, requires: str = "") -> list[str]:
    return [str(python) for python in cover([wheel(tag, requires=requires)]).pythons]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("cp312-cp312-win_amd64", ["3.12"]),
        ("cp313-cp313t-win_amd64", ["3.13t"]),
        ("cp312-abi3-win_amd64", GIL[GIL.index("3.12") :]),
        ("cp315-abi3.abi3t-win_amd64", ALL[ALL.index("3.15") :]),
        ("py3-none-any", ALL),
        ("py2.py3-none-any", ALL),
        ("py313-none-win_amd64", ALL[ALL.index("3.13") :]),
        ("cp311-none-win_amd64", ["3.11"]),
        ("cp327-cp327-win_amd64", ["3.27"]),
        ("cp39.cp310-cp39.cp310-win_amd64", ["3.9", "3.10"]),
    ],
)
def test_a_wheel_serves_the_pythons_of_its_tags(tag: str, expected: list[str]) -> None:
    assert pythons(tag) == expected


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (">=3.11.4,<3.13", ["3.11", "3.12"]),
        ("==3.14.*", ["3.14", "3.14t"]),
        ("", ALL),
        ("not a specifier", ALL),
    ],
)
def test_requires_python_limits_what_a_wheel_serves(requires: str, expected: list[str]) -> None:
    assert pythons("py3-none-any", requires) == expected


def test_a_wheel_for_later_pythons_is_named() -> None:
    files = [wheel("cp312-abi3-win_amd64"), wheel("cp311-cp311-win_amd64"), wheel("py3-none-any", requires="<3.15")]
    assert cover(files).open_ended == ("cp312-abi3",)


def test_a_test_on_an_unknown_python_makes_a_column() -> None:
    (row,) = cover([wheel("cp312-abi3-win_amd64", "3.17")]).rows
    assert [str(python) for python in row.wheels[0].serves][-2:] == ["3.16", "3.17"]


def test_files_that_no_cpython_installs_are_listed_apart() -> None:
    names = ("shapes-1.0.tar.gz", "shapes-1.0-pp310-pypy310_pp73-win_amd64.whl", "shapes-1.0-cp27-cp27m-win32.whl")
    coverage = cover(map(release_file, names))
    assert [file.name for file in coverage.others] == list(names)
    assert coverage.rows == ()


def test_a_wheel_for_one_python_precedes_that_for_several() -> None:
    (row,) = cover([wheel("cp310-abi3-win_amd64"), wheel("cp312-cp312-win_amd64")]).rows
    found = {str(python): [str(wheel.name.tag) for wheel in row.wheels_for(python)] for python in row.wheels[1].serves}
    assert found["3.12"] == ["cp312-cp312-win_amd64", "cp310-abi3-win_amd64"]
    assert found["3.13"] == ["cp310-abi3-win_amd64"]


def test_platforms_have_names_and_an_order() -> None:
    tags = (
        "any",
        "win_amd64",
        "linux_riscv64",
        "macosx_11_0_arm64",
        "musllinux_1_2_x86_64",
        "manylinux_2_28_aarch64",
        f"manylinux2014_x86_64.{LINUX}",
    )
    named = sorted(name_platform(WheelName.parse(f"shapes-1.0-py3-none-{tag}.whl")) for tag in tags)
    assert [(platform.name, platform.floor) for platform in named] == [
        ("Linux x86_64", "glibc 2.17 or newer"),
        ("Linux aarch64", "glibc 2.28 or newer"),
        ("Linux x86_64", "musl 1.2 or newer"),
        ("macOS arm64", "macOS 11.0 or newer"),
        ("Windows x86_64", ""),
        ("linux_riscv64", ""),
        ("any platform", ""),
    ]
