from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from spokeshave.release.publish.order import upload_order
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord


def record(requires: Mapping[str, Sequence[str]], *files: tuple[str, int]) -> ReleaseRecord:
    """A record of projects with their pins, and of files with their sizes."""
    return ReleaseRecord(
        name="demo",
        version="1.0",
        channel=None,
        commit=None,
        projects={name: ReleaseProject("1.0", tuple(pins)) for name, pins in requires.items()},
        files=tuple(file(name, size) for name, size in files),
    )


def file(name: str, size: int) -> ReleaseFile:
    project = name.split("-")[0].replace("_", "-")
    return ReleaseFile(name=name, project=project, sha256=name, size=size, payload_sha256=None, metadata_sha256=None)


def test_runtime_before_compiler_wheels_before_sdist() -> None:
    made = record(
        {"abacus-compiler": ["abacus-runtime==1.0"], "abacus-runtime": []},
        ("abacus_compiler-1.0-cp312-cp312-win_amd64.whl", 1),
        ("abacus_runtime-1.0.tar.gz", 1),
        ("abacus_runtime-1.0-cp312-cp312-win_amd64.whl", 30),
        ("abacus_runtime-1.0-cp311-cp311-win_amd64.whl", 20),
    )
    order = upload_order(made)
    assert [(stage.project, [each.name for each in stage.files]) for stage in order.stages] == [
        (
            "abacus-runtime",
            ["abacus_runtime-1.0-cp311-cp311-win_amd64.whl", "abacus_runtime-1.0-cp312-cp312-win_amd64.whl"],
        ),
        ("abacus-runtime", ["abacus_runtime-1.0.tar.gz"]),
        ("abacus-compiler", ["abacus_compiler-1.0-cp312-cp312-win_amd64.whl"]),
    ]
    assert order.cycles == ()


@pytest.mark.parametrize(
    ("requires", "projects", "cycles"),
    [
        pytest.param({"b": [], "a": []}, "a b", [], id="without pins by name"),
        pytest.param({"a": ["b==1"], "b": ["c==1"], "c": []}, "c b a", [], id="a chain"),
        pytest.param({"a": ["B==1 ; sys_platform == 'win32'"], "b": []}, "b a", [], id="a pin of one platform"),
        pytest.param({"a": ["b==1 ; extra == 'all'"], "b": []}, "b a", [], id="a pin of an extra"),
        pytest.param({"a": ["b==1 ; extra == 'all'"], "b": ["a==1"]}, "a b", [], id="an extra that closes a ring"),
        pytest.param({"a": ["b==1"], "b": ["a==1"]}, "a b", [("a", "b")], id="a ring"),
        pytest.param(
            {"a": ["b==1"], "b": ["c==1"], "c": ["b==1"], "d": []}, "d b c a", [("b", "c")], id="a ring below another"
        ),
        pytest.param({"a": ["a[x]==1", "numpy", "not a requirement!"]}, "a", [], id="pins of itself and of others"),
    ],
)
def test_projects_come_after_what_they_pin(
    requires: Mapping[str, Sequence[str]], projects: str, cycles: list[tuple[str, ...]]
) -> None:
    order = upload_order(record(requires, *((f"{name}-1.0-py3-none-any.whl", 1) for name in requires)))
    assert " ".join(stage.project for stage in order.stages) == projects
    assert list(order.cycles) == cycles
