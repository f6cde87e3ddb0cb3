"""How `pytest --numprocesses` shares the tests among its workers: the tests of a file run in one, one after another."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Files that share a fixture that takes longer to make than their tests: one worker runs all of them.
_SHARING = {
    "e2e/caching/bazel_remote_test.py": "the bench of runners",
    "e2e/caching/cache_faults_test.py": "the bench of runners",
    "e2e/outside/distributions_test.py": "the published distributions",
    "e2e/outside/start_test.py": "the published distributions",
}


class SharedFixtures(LoadScopeScheduling):
    """A scheduler whose units are files, or files with a common fixture."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return _SHARING.get(file.split("tests/", 1)[-1], file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedFixtures:
    return SharedFixtures(config, log)
