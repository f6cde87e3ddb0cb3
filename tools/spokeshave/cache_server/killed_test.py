"""A store killed at each of its changes: readers find whole blobs and results only, and the next server writes all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cache_server.actions import Actions
from spokeshave.cache_server.blobs import Blobs, MissingBlobError
from spokeshave.cache_server.eviction import Evictor, Limits
from spokeshave.testing.killing_fixtures import faults, kills, tree_of
from spokeshave.testing.system_call_fixtures import needs_system_calls

pytestmark = needs_system_calls
# One is larger than the pieces that a server receives.
BLOBS = {hashlib.sha256(data).hexdigest(): data for data in (b"", b"one", b"0123456789" * 30_000)}
ACTION = hashlib.sha256(b"action").hexdigest()
RESULTS = [b"the old result", b"the new result"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the old result of an action."""
    folder = tmp_path_factory.mktemp("cache")
    Blobs(folder)
    Actions(folder).write(ACTION, 6, RESULTS[0])
    return folder


@pytest.fixture
def prepared(original: Path, tmp_path: Path) -> Callable[[], Callable[[], None]]:
    def prepare() -> Callable[[], None]:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        shutil.copytree(original, tmp_path / "cache")
        return lambda: write(tmp_path / "cache")

    return prepare


def write(folder: Path) -> None:
    """Do what a server does from its start on for a client that writes blobs and then a result that needs them."""
    blobs = Blobs(folder)
    actions = Actions(folder)
    for sha256, data in BLOBS.items():
        blobs.write(sha256, [data[start : start + 100_000] for start in range(0, len(data), 100_000)])
    actions.write(ACTION, 6, RESULTS[1])


def assert_whole(folder: Path) -> None:
    """A result is the old or the new one; it is the new one only if all its blobs are present."""
    blobs = Blobs(folder)
    found = {sha256 for sha256, data in BLOBS.items() if blobs.has(sha256, len(data))}
    for sha256, data in BLOBS.items():
        if sha256 in found:
            assert blobs.read(sha256, len(data)) == data
        else:
            with pytest.raises(MissingBlobError):
                blobs.read(sha256, len(data))
    result = Actions(folder).read(ACTION, 6)
    assert result in RESULTS
    assert result == RESULTS[0] or found == BLOBS.keys()
    assert list((folder / "tmp").iterdir()) == []
    assert list((folder / "ac-tmp").iterdir()) == []


def test_a_killed_server_stores_whole_files_or_none(prepared: Callable[[], Callable[[], None]], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    prepared()()
    whole = tree_of(folder)
    for _ in kills(prepared, folder):
        assert_whole(folder)
        write(folder)
        assert tree_of(folder) == whole


def test_a_full_disk_stores_whole_files_or_none(prepared: Callable[[], Callable[[], None]], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    for run in faults(prepared, folder):
        # The server answers the client that it could not store the file.
        assert run.exit_code
        assert "OSError: [Errno" in run.output
        assert list((folder / "tmp").iterdir()) == list((folder / "ac-tmp").iterdir()) == []
        assert_whole(folder)


def test_a_killed_eviction_removes_whole_files(original: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"

    def prepare() -> Callable[[], None]:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        write(folder)
        nothing = Limits(max_size=0, min_free=0, keep_recent=-60)
        return Evictor([folder / "cas/objects", folder / "ac"], nothing).look

    left = set()
    for _ in kills(prepare, folder):
        remaining = tree_of(folder)
        left.add(len(remaining))
        # Eviction may take a blob from a result: the server looks for all of them before it returns one.
        blobs = Blobs(folder)
        assert all(
            blobs.read(sha256, len(data)) == data for sha256, data in BLOBS.items() if blobs.has(sha256, len(data))
        )
        write(folder)
        assert_whole(folder)
    assert left == {1, 2, 3, 4}
