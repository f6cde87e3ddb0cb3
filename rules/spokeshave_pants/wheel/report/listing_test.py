"""Tests of the list of wheels that `native-wheels` prints."""

from __future__ import annotations

import json

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.wheel.report.listing import (
    InvalidStaticVersionError,
    ListedPython,
    ListedWheel,
    listed_wheel,
    normal_version,
    render_json,
    render_text,
)

HERE = ListedPython("3.12", required=True, interpreter="/usr/bin/python3.12")
NOT_HERE = ListedPython("3.13", required=False, reason="this machine has no Python 3.13")
EMULATED = ListedPython("3.13", required=False, interpreter="/emulation/python3.13", emulator="qemu 10.0")


def wheel(
    platform: str = "manylinux_2_28_x86_64",
    abi: str = "cp312-abi3",
    version: str | None = "1.2.0rc1",
    pythons: tuple[ListedPython, ...] = (HERE, NOT_HERE),
) -> ListedWheel:
    return listed_wheel("src:wheel", "My.Dist", version, (Platform.parse(platform), PythonAbi.parse(abi)), pythons)


@pytest.mark.parametrize(
    ("platform", "abi", "expected"),
    [
        ("manylinux_2_28_x86_64", "cp312-abi3", "my_dist-1.2.0rc1-cp312-abi3-manylinux_2_28_x86_64.whl"),
        (
            "manylinux_2_17_x86_64",
            "cp310",
            "my_dist-1.2.0rc1-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        ),
        ("macosx_11_0_universal2", "cp313t", "my_dist-1.2.0rc1-cp313-cp313t-macosx_11_0_universal2.whl"),
        ("win_amd64", "py3-none", "my_dist-1.2.0rc1-py3-none-win_amd64.whl"),
    ],
)
def test_the_file_name_is_that_of_the_finished_wheel(platform: str, abi: str, expected: str) -> None:
    assert wheel(platform, abi).wheel == expected


def test_without_a_version_the_file_name_is_a_glob() -> None:
    assert wheel(version=None).wheel == "my_dist-*-cp312-abi3-manylinux_2_28_x86_64.whl"


def test_versions_are_written_as_in_file_names() -> None:
    assert normal_version("1.0-RC1", "here") == "1.0rc1"
    for text in ("one", "9" * 5000):
        with pytest.raises(InvalidStaticVersionError, match=rf"a/pyproject\.toml has the version '{text}'"):
            normal_version(text, "a/pyproject.toml")


def test_json_is_one_line_with_an_object_for_each_wheel() -> None:
    text = render_json([wheel(), wheel("win_amd64", "cp312")])
    assert text.count("\n") == 1
    first, second = json.loads(text)
    assert first == {
        "target": "src:wheel",
        "distribution": "My.Dist",
        "version": "1.2.0rc1",
        "wheel": "my_dist-1.2.0rc1-cp312-abi3-manylinux_2_28_x86_64.whl",
        "platform": "manylinux_2_28_x86_64",
        "system": "glibc",
        "architecture": "x86_64",
        "python_tag": "cp312",
        "abi_tag": "abi3",
        "abi": "cp312-abi3",
        "pythons": [
            {
                "python": "3.12",
                "required": True,
                "interpreter": "/usr/bin/python3.12",
                "emulator": "",
                "reason": "",
            },
            {
                "python": "3.13",
                "required": False,
                "interpreter": "",
                "emulator": "",
                "reason": "this machine has no Python 3.13",
            },
        ],
        "smoke_tested_here": True,
    }
    assert (second["abi"], second["system"]) == ("cp312", "Windows")
    assert render_json([]) == "[]\n"


def test_a_wheel_without_a_python_is_not_tested_here() -> None:
    assert not wheel(pythons=(NOT_HERE,)).smoke_tested_here
    assert not wheel(pythons=()).smoke_tested_here


def test_the_table_names_what_cannot_run_here() -> None:
    wheels = [wheel(version="1.2"), wheel(abi="cp310", version="1.2", pythons=(EMULATED,))]
    assert render_text(wheels).splitlines() == [
        "src:wheel",
        "wheel                                              smoke tests",
        "-------------------------------------------------  -------------------",
        "my_dist-1.2-cp312-abi3-manylinux_2_28_x86_64.whl   3.12  3.13 not here",
        "my_dist-1.2-cp310-cp310-manylinux_2_28_x86_64.whl  3.13 (qemu 10.0)",
        "",
        "not here on Python 3.13: this machine has no Python 3.13",
    ]
    assert render_text([]) == ""
