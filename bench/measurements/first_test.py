from __future__ import annotations

from pathlib import Path

import pytest

from bench.apparatus.pants_log import PantsLog, ProcessSpan
from bench.apparatus.project import REPOSITORY, PantsRun
from bench.errors import BenchError
from bench.measurements.first import FirstCommand, new_machine, stages, with_platforms


def run(*spans: ProcessSpan, wall: float, ended: float) -> FirstCommand:
    install = PantsRun(wall=10.0, cpu=7.0, daemon=1.0, log=PantsLog((), {}, 0.0), output="")
    return FirstCommand(install, PantsRun(wall=wall, cpu=90.0, daemon=9.0, log=PantsLog(spans, {}, ended), output=""))


def test_processes_are_grouped_by_stage_on_one_clock() -> None:
    found = run(
        ProcessSpan("Install the packages pinned in a.txt", 105.0, 125.0),
        ProcessSpan("Make the runtime pack for win_amd64 (once)", 125.0, 180.0),
        ProcessSpan("Compile a.cc for win_amd64", 130.0, 132.0),
        ProcessSpan("Compile b.cc for win_amd64", 131.0, 134.0),
        ProcessSpan("Searching for python", 101.0, 102.0),
        wall=100.0,
        ended=200.0,
    )
    assert (found.seconds, found.cpu) == (110.0, 97.0)
    assert list(stages(found)) == [
        ("install and start Pants", "", "10", "0 to 10"),
        ("toolchain, tools and headers", 1, "20", "15 to 35"),
        ("runtime packs", 1, "55", "35 to 90"),
        ("compiles", 2, "5", "40 to 44"),
        ("other", 1, "1", "11 to 12"),
        ("all", 5, "", "0 to 110"),
    ]


def test_a_pack_that_is_made_twice_is_counted() -> None:
    pack = ProcessSpan("Make the runtime pack for win_amd64 (once)", 1.0, 2.0)
    assert run(pack, wall=2.0, ended=2.0).repeated_packs == 0
    assert run(pack, pack, wall=2.0, ended=2.0).repeated_packs == 1


def test_a_new_machine_has_an_empty_home_and_the_pythons() -> None:
    given = {"HOME": "/h", "PANTS_LEVEL": "debug", "XDG_CACHE_HOME": "/c", "SPOKESHAVE_HOME": "/s", "PATH": "/bin"}
    assert new_machine(Path("/new"), given) == {"HOME": "/new", "PYENV_ROOT": "/h/.pyenv", "PATH": "/bin"}


def test_the_platforms_of_abacus_can_be_replaced() -> None:
    changed = with_platforms((REPOSITORY / "src/python/BUILD").read_text(), ["win_arm64"])
    assert "PLATFORMS = ['win_arm64']\n" in changed
    assert "musllinux" not in changed
    with pytest.raises(BenchError, match="no list named PLATFORMS"):
        with_platforms("", [])
