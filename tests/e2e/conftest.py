"""Fixtures that several files of tests share, made once."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator

import pytest

from e2e.support.runners import Bench, make_bench


@pytest.fixture(scope="session")
def made_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("bench")
    yield make_bench(root)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def bench(made_bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Make the bench. Its runners' stores, of 400 MB each, are deleted after the tests of a file."""
    root = tmp_path_factory.mktemp("runners")
    yield dataclasses.replace(made_bench, root=root)
    shutil.rmtree(root)
