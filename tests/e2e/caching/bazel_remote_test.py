"""Runners share bazel-remote like the project's own cache server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.bazel_remote import build, password_file, serving
from e2e.support.runners import Bench, Built

# Results of the sources that are the same for every runner. Each runner tests the wheel on its own Pythons.
SHARED = ("compile", "link", "assemble", "repair", "verify", "stamp")
LOGIN = "team:correct-horse"


@dataclass(frozen=True)
class Filled:
    """A server's folder, and the run that filled it."""

    program: Path
    folder: Path
    first: Built
    ran: tuple[str, ...]
    stored: int


@pytest.fixture(scope="module")
def filled(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Fill a server by a runner with sources that no cache contains."""
    root = tmp_path_factory.mktemp("bazel-remote")
    program = build(root)
    runner = bench.runner("bazel-remote-first")
    with serving(program, root / "cache") as server:
        first = runner.package(*server.options())
        return Filled(
            program=program,
            folder=root / "cache",
            first=first,
            ran=tuple(runner.ran(*SHARED)),
            stored=server.requests("AC PUT"),
        )


def test_a_first_runner_makes_all_of_it_and_stores_it(bench: Bench, filled: Filled) -> None:
    bench.check(filled.first)
    assert filled.first.warnings() == ""
    assert len(filled.ran) >= len(SHARED)
    assert filled.stored >= len(filled.ran)


def test_a_second_runner_that_has_the_password_makes_nothing(bench: Bench, filled: Filled, tmp_path: Path) -> None:
    """The server was restarted in between, and now requires a password."""
    runner = bench.runner("bazel-remote-second")
    with serving(filled.program, filled.folder, "--htpasswd_file", str(password_file(tmp_path, LOGIN))) as server:
        second = runner.package(*server.options(LOGIN))
        assert server.requests("AC GET") >= len(filled.ran)
    bench.check(second)
    assert second.warnings() == ""
    assert runner.ran(*SHARED) == []


def test_a_wrong_password_is_reported_and_costs_a_rebuild(bench: Bench, filled: Filled, tmp_path: Path) -> None:
    runner = bench.runner("bazel-remote-wrong")
    with serving(filled.program, filled.folder, "--htpasswd_file", str(password_file(tmp_path, LOGIN))) as server:
        built = runner.package(*server.options("team:battery-staple"))
        assert server.requests("AC GET") == 0
    bench.check(built)
    assert "Failed to read from remote cache" in built.warnings()
    assert "Unauthenticated" in built.warnings()
    assert "access denied" in built.warnings()
    assert "battery-staple" not in built.run.output
    assert sorted(runner.ran(*SHARED)) == sorted(filled.ran)
