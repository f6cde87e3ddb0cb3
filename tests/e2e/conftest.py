"""What more than one file of tests starts from, made once."""

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
    """Its runners' stores, of 400 MB each, are gone when the tests of a file are done."""
    root = tmp_path_factory.mktemp("runners")
    yield dataclasses.replace(made_bench, root=root)
    shutil.rmtree(root)
