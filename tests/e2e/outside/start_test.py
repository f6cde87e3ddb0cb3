"""The first hour of a new user, as docs/start.md describes it, with the plugin from an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.checkout import Checkout
from e2e.support.guide import GuideCommand, GuideFile, guide_steps, write_file
from e2e.support.index import IndexServer, Login, free_port, index_server
from e2e.support.outside import Outside, outside
from e2e.support.project import REPOSITORY, sha256

PAGE = REPOSITORY / "docs/start.md"
PORT = "8080"
WHEELS = ["spokeshave-0.1.0-py3-none-any.whl", "spokeshave_pants_plugin-0.1.0-py3-none-any.whl"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexServer]:
    """Publish the distributions to an index by this repository's own `publish`."""
    root = tmp_path_factory.mktemp("published")
    with index_server(root / "index", Login()) as index:
        Checkout.copy(root / "checkout").publish(index)
        yield index


@pytest.fixture
def reader(published: IndexServer, tmp_path: Path) -> Iterator[Outside]:
    with outside(tmp_path, published.simple) as shell:
        yield shell


def test_the_steps_of_the_start_page_work(reader: Outside) -> None:
    port = str(free_port())
    for step in guide_steps(PAGE.read_text().replace(PORT, port)):
        if isinstance(step, GuideFile):
            write_file(reader.root, step)
        else:
            check(step, reader.run(step))
    assert str(REPOSITORY) not in reader.environment["PATH"]


def check(step: GuideCommand, output: str) -> None:
    missing = step.missing(output)
    assert missing == [], f"{step.command} does not print {missing}, but:\n{output}"


def test_the_distributions_have_the_same_bytes_anywhere(published: IndexServer, tmp_path: Path) -> None:
    """Another folder, another umask, and no cache."""
    built = Checkout.copy(tmp_path / "another folder").package("--no-local-cache", umask=0o077)
    assert {path.name: sha256(path) for path in built} == {
        path.name: sha256(path) for path in published.folder.glob("*.whl")
    }
    assert [path.name for path in built] == WHEELS
