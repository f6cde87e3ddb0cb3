"""`docs/deploy.sh`: from a candidate on an index to its final release on another, and again after failures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY
from spokeshave.cli import main
from spokeshave.release.record import read_record
from spokeshave.testing.promotion_fixtures import FINAL, seal_wheels
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind
from spokeshave.testing.release_fixtures import VERSION, write_wheels
from spokeshave.testing.static_site_fixtures import Reply, StaticSite, static_site


@dataclass(frozen=True)
class Deployment:
    """A folder of records, and the two indexes."""

    work: Path
    site: StaticSite
    server: PypiLike
    variables: Mapping[str, str]

    def run(self) -> subprocess.CompletedProcess[str]:
        script = REPOSITORY / "docs/deploy.sh"
        destination = self.server.upload_url
        return subprocess.run(
            [script, f"abacus=={VERSION}", FINAL, self.site.url, destination, self.work],
            env=dict(self.variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def final(self) -> dict[str, str]:
        return {file.name: file.sha256 for file in read_record(self.work / "abacus" / FINAL).files}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("candidate")
    candidate = seal_wheels(root, write_wheels(root / "wheels"))
    assert main(["index", "add", str(candidate), str(root / "site")]) == 0
    return root / "site"


@pytest.fixture
def deployment(tmp_path: Path, index: Path) -> Iterator[Deployment]:
    program = tmp_path / "spokeshave"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spokeshave "$@"\n')
    program.chmod(0o755)
    with static_site(index) as site, pypi_like(tmp_path / "pypi") as server:
        variables = {
            **os.environ,
            **server.variables,
            "HOME": str(tmp_path),
            "PYTHONPATH": str(REPOSITORY / "tools"),
            "SPOKESHAVE": str(program),
        }
        yield Deployment(work=tmp_path / "work", site=site, server=server, variables=variables)


def test_a_candidate_is_deployed_by_one_command_that_continues(deployment: Deployment) -> None:
    server = deployment.server
    deployment.site.replies = {"files/*compiler*": Reply(status=404)}
    assert deployment.run().returncode == 3
    assert server.uploads() == []
    deployment.site.replies = {}
    server.change(faults=[Fault(FaultKind.FULL, name="abacus_compiler*", skip=1)])
    assert deployment.run().returncode == 3
    stored = server.sha256s()
    assert 0 < len(stored) < len(deployment.final())
    # Another machine has only the script, and the promotion makes the same bytes.
    (deployment.work / "abacus").rename(deployment.work.with_name("lost"))
    done = deployment.run()
    assert done.returncode == 0, done.stderr
    assert f"abacus {VERSION}, verified" in done.stdout
    assert server.sha256s() == deployment.final()
    assert stored.items() <= server.sha256s().items()
    # Again, it does nothing.
    deployment.site.requests.clear()
    uploads = len(server.uploads())
    assert deployment.run().returncode == 0
    assert (deployment.site.requests, len(server.uploads())) == (["current/sets.jsonl"], uploads)
    # The index of the candidates never sees the credentials of the other one.
    assert deployment.site.credentials == []


@pytest.mark.parametrize(
    "arguments",
    [(), *((wanted, "3.12.0") for wanted in ("abacus", "abacus==", "==3.12.0rc1", "abacus==3.12.*", "abacus>3"))],
    ids=" ".join,
)
def test_the_script_describes_its_arguments(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    command = [REPOSITORY / "docs/deploy.sh", *arguments, *(("<index>", "@pypi", tmp_path) if arguments else ())]
    environment = {**os.environ, "SPOKESHAVE": "true"}
    usage = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert usage.returncode == 2
    assert "docs/deploy.sh NAME==CANDIDATE VERSION SOURCE DEST" in usage.stderr
