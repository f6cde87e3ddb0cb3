"""Tests of what is counted of the builds by a project itself, and of the BUILD files."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

from bench.apparatus.project import Action
from bench.baselines.blosc import core_build, write_project, write_round
from bench.measurements.foreign import PYTHONS, Side, measurement

CALLS = {"compiles": 57, "links": 1, "probes": 40}
COMPILE = Action("compile", "Compile src/blosc/blosc_extension.c", ran=True, seconds=0.1)
PROJECT = Action("project", "Build //core for manylinux", ran=True, seconds=20.0, calls=CALLS)
BACKEND = Action("backend", "Build //backend:wheel by its own backend", ran=True, seconds=25.0, calls=CALLS)
SHARED = Side(name="shared", cpu=[12.0, 13.0], wall=[9.0, 9.0], actions=(PROJECT, COMPILE, COMPILE))
OWN = Side(name="own", cpu=[20.0, 20.0], wall=[9.0, 9.0], actions=(BACKEND, BACKEND))
PIP = Side("pip", [20.0, 20.0], [9.0, 9.0])


def met(shared: Side = SHARED, backend: Side = OWN, pip: Side = PIP) -> list[bool]:
    return [verdict.met for verdict in measurement(shared, backend, pip).verdicts]


def test_two_builds_of_the_core_are_wrong() -> None:
    assert met() == [True, True, True]
    twice = dataclasses.replace(SHARED, actions=(PROJECT, PROJECT))
    assert met(shared=twice) == [True, False, True]
    assert measurement(twice, OWN, PIP).is_wrong


def test_a_build_from_a_cache_is_not_one_that_ran() -> None:
    kept = dataclasses.replace(PROJECT, ran=False)
    assert met(shared=dataclasses.replace(SHARED, actions=(kept,))) == [True, False, True]
    assert met(backend=dataclasses.replace(OWN, actions=(BACKEND,))) == [True, True, False]


def test_the_limit_is_that_of_the_medians_of_cpu_time() -> None:
    assert met(shared=dataclasses.replace(SHARED, cpu=[1.0, 15.1, 16.0]))[0] is False
    assert met(shared=dataclasses.replace(SHARED, cpu=[1.0, 14.9, 99.0]))[0] is True


def test_calls_are_shown_for_each_process() -> None:
    _, builds = measurement(SHARED, OWN, PIP).tables
    assert [row[1:4] for row in builds.rows] == [(57, 1, 40)] * 3
    assert SHARED.compiles() == 57 + 2
    assert OWN.compiles() == 57 * 2


def test_rounds_differ_in_their_number_only(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "blosc").mkdir(parents=True)
    for name in ("__init__.py", "test.py", "blosc_extension.c"):
        (source / "blosc" / name).touch()
    (source / "VERSION").write_text("1.11.4\n")
    root = tmp_path / "root"
    root.mkdir()
    write_project(root, source, PYTHONS)
    files = [path for path in root.rglob("BUILD") if "blosc/BUILD" not in str(path)]
    before = {path: path.read_text() for path in files}
    write_round(root, PYTHONS, 123456)
    for path in files:
        ast.parse(path.read_text())
        assert path.read_text() != before[path]
        assert (
            before[path].replace("BENCH_ROUND=0", "BENCH_ROUND=123456").replace("'0'", "'123456'") == path.read_text()
        )
    assert "BENCH_ROUND': '7'" in core_build(7)
