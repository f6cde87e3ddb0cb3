"""The first hour of a new user, as docs/start.md describes it, with the plugin from an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.guide import GuideCommand, GuideFile, guide_steps, write_file
from e2e.support.index import IndexServer, free_port
from e2e.support.outside import Outside, outside
from e2e.support.project import REPOSITORY

PAGE = REPOSITORY / "docs/start.md"
PORT = "8080"


@pytest.fixture
def reader(published: IndexServer, tmp_path: Path) -> Iterator[Outside]:
    with outside(tmp_path, published.simple) as shell:
        yield shell


def test_the_steps_of_the_start_page_work(reader: Outside) -> None:
    assert not [value for value in reader.environment.values() if str(REPOSITORY) in value]
    port = str(free_port())
    for step in guide_steps(PAGE.read_text().replace(PORT, port)):
        if isinstance(step, GuideFile):
            write_file(reader.root, step)
        else:
            check(step, reader.run(step))


def check(step: GuideCommand, output: str) -> None:
    missing = step.missing(output)
    assert missing == [], f"{step.command} does not print {missing}, but:\n{output}"
