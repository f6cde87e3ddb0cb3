"""The index with this repository's distributions, which the tests of the folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.support.checkout import Checkout
from e2e.support.index import IndexServer, Login, index_server


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexServer]:
    """Publish the distributions to an index by this repository's own `publish`."""
    root = tmp_path_factory.mktemp("published")
    with index_server(root / "index", Login()) as index:
        Checkout.copy(root / "checkout").publish(index)
        yield index
