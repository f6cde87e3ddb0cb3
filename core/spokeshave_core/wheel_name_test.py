from __future__ import annotations

import pytest
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from spokeshave_core.wheel_name import (
    InvalidWheelNameError,
    WheelName,
    WheelTag,
    normalize_name,
    project_of_dist_info,
    split_dist_info,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a_b-1.0-py3-none-any.whl", ("a_b", "1.0", "", "py3", "none", "any")),
        (
            "A.b-1!2.0+l.1-3x-cp39.cp310-abi3-linux_x86_64.whl",
            ("A.b", "1!2.0+l.1", "3x", "cp39.cp310", "abi3", "linux_x86_64"),
        ),
        (
            "demo-1.0-cp315-abi3.abi3t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            ("demo", "1.0", "", "cp315", "abi3.abi3t", "manylinux2014_x86_64.manylinux_2_17_x86_64"),
        ),
        ("demo-1-0-py3-none-any.whl", ("demo", "1", "0", "py3", "none", "any")),
        ("A.b-1-0-py3-none-any.whl", ("A.b", "1", "0", "py3", "none", "any")),
    ],
)
def test_a_file_name_has_the_parts_that_packaging_reads(text: str, parts: tuple[str, ...]) -> None:
    name = WheelName.parse(text)
    assert (name.name, name.version, name.build, name.tag.python, name.tag.abi, name.tag.platform) == parts
    assert str(name) == text
    project, version, build, tags = parse_wheel_filename(text)
    assert (name.project, name.version) == (project, str(version))
    assert (name.dist_info, name.data) == (f"{parts[0]}-{parts[1]}.dist-info", f"{parts[0]}-{parts[1]}.data")
    assert name.build == "".join(map(str, build))
    assert set(name.tag.platforms) == {tag.platform for tag in tags}


def test_an_old_name_with_a_dash_keeps_it() -> None:
    assert WheelName.parse("old-name-1.0-py3-none-any.whl").project == "old-name"


@pytest.mark.parametrize("text", ["a.whl", "a-1.0.tar.gz", "a-1.0-py3-none.whl", "a-1.0-py3--any.whl"])
def test_what_is_not_a_wheels_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidWheelNameError, match="is not the file name of a wheel"):
        WheelName.parse(text)


@pytest.mark.parametrize(
    ("text", "is_pure"),
    [("a-1-py2.py3-none-any.whl", True), ("a-1-py3-none-linux_x86_64.whl", False), ("any-1-py3-none-win32.whl", False)],
)
def test_a_wheel_for_all_platforms_is_known_by_its_tag(text: str, is_pure: bool) -> None:
    assert WheelName.parse(text).is_pure is is_pure


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("numpy-2.3.5.dist-info", "numpy"),
        ("Robin_Map-1.0.dist-info", "robin-map"),
        ("old-name-1.0.post1.dist-info", "old-name"),
    ],
)
def test_a_dist_info_folder_names_its_project(folder: str, project: str) -> None:
    assert project_of_dist_info(folder) == project


@pytest.mark.parametrize(
    ("folder", "parts"),
    [
        ("demo-1.0.dist-info", ("demo", "1.0")),
        ("A.b-1!2.0+l.1.dist-info", ("A.b", "1!2.0+l.1")),
        ("old-name-1.0.dist-info", ("old-name", "1.0")),
    ],
)
def test_a_dist_info_folder_names_distribution_and_version(folder: str, parts: tuple[str, str]) -> None:
    assert split_dist_info(folder) == parts


@pytest.mark.parametrize(
    "text",
    [
        "py2.py3-none-any",
        "cp39.cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64",
        "cp315-abi3.abi3t-manylinux_2_17_x86_64",
    ],
)
def test_compressed_tag_expands_as_packaging_expands_it(text: str) -> None:
    tag = WheelTag.parse(text)
    assert str(tag) == text
    assert tag.expand() == sorted(map(str, parse_tag(text)))


@pytest.mark.parametrize(
    "text", ["", "py3-none", "py3-none-any-x", "py3--any", "PY3-none-any", "py3-none-a/b", "a.-b-c"]
)
def test_an_invalid_tag_is_refused(text: str) -> None:
    with pytest.raises(InvalidWheelNameError, match="is not a wheel tag"):
        WheelTag.parse(text)


@pytest.mark.parametrize("name", ["Abacus.Runtime", "a--b_.c", "A", "a-b"])
def test_a_name_is_normalized_as_packaging_does_it(name: str) -> None:
    assert normalize_name(name) == canonicalize_name(name)
