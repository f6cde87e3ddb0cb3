"""What more than one file of tests starts from, made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from e2e.runners import Bench, make_bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("runners")
    yield make_bench(root)
    shutil.rmtree(root)
