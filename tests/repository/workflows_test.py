"""The policy of `.github/workflows/` that neither actionlint nor zizmor checks; `.ci/remote-cache`, which they run."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
# A called workflow may use the secrets that it declares: its caller passes them.
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*(\w+)|\[|\b)")


def read(workflow: Path) -> dict[Any, Any]:
    """Return a workflow. YAML parses its key `on` as a boolean."""
    document = yaml.safe_load(workflow.read_text())
    assert isinstance(document, dict)
    return {"on" if key is True else key: value for key, value in document.items()}


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(workflow)["jobs"]
    return found


def called(workflow: Path) -> Iterator[Path]:
    """Yield the workflows of this repository that its jobs call."""
    for job in jobs(workflow).values():
        if job.get("uses", "").startswith("./"):
            yield REPOSITORY / job["uses"]


def events(workflow: Path) -> list[str]:
    """Return the events that start it."""
    started_by = read(workflow)["on"]
    return [started_by] if isinstance(started_by, str) else list(started_by)


def secrets_named(value: object) -> set[str]:
    """Return the names of secrets in the expressions of a workflow or a part of it. `*` stands for all."""
    if isinstance(value, dict):
        return set().union(*map(secrets_named, value.values()))
    if isinstance(value, list):
        return set().union(*map(secrets_named, value))
    expressions = re.findall(r"\$\{\{(.*?)\}\}", str(value), re.DOTALL)
    return {name or "*" for expression in expressions for name in _SECRET.findall(expression)}


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"main", "pull-request", "release", "wheels"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_a_commit_with_its_version(workflow: Path) -> None:
    for line in workflow.read_text().splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert re.fullmatch(r" +(- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_permissions_are_granted_per_job_only(workflow: Path) -> None:
    assert read(workflow)["permissions"] == {}
    assert [name for name, job in jobs(workflow).items() if "permissions" not in job] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_has_a_time_limit(workflow: Path) -> None:
    endless = [name for name, job in jobs(workflow).items() if "uses" not in job and "timeout-minutes" not in job]
    assert endless == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_no_checkout_leaves_a_token_behind(workflow: Path) -> None:
    steps = [step for job in jobs(workflow).values() for step in job.get("steps", [])]
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_pull_request_gets_no_secret() -> None:
    started = [path for path in WORKFLOWS if any(event.startswith("pull_request") for event in events(path))]
    assert started
    for workflow in started:
        assert [name for name, job in jobs(workflow).items() if "secrets" in job or "environment" in job] == []
        assert secrets_named(read(workflow)) == set()
        for callee in called(workflow):
            declared = set(read(callee)["on"]["workflow_call"].get("secrets", {}))
            assert secrets_named(read(callee)) <= declared
            # An environment has secrets of its own, which need not be passed.
            assert [name for name, job in jobs(callee).items() if "environment" in job] == []
            assert list(called(callee)) == []


def test_the_building_machine_has_the_pinned_pythons() -> None:
    releases = tomli.loads((REPOSITORY / "pants.toml").read_text())["python-headers"]["releases"]
    pinned = [release.partition("|")[0] for release in releases.values()]
    pythons = [line for line in (REPOSITORY / ".ci/pythons").read_text().splitlines() if not line.startswith("#")]
    assert pinned
    runs_pants = "3.9."
    with_headers = {python.rstrip("t") for python in pythons if not python.startswith(runs_pants)}
    assert set(pinned) == with_headers


def with_remote_cache(command: str, **variables: str) -> dict[str, str]:
    """Return the output of a shell command that `.ci/remote-cache` runs, with NAME=VALUE in a line."""
    done = subprocess.run(
        [REPOSITORY / ".ci/remote-cache", "sh", "-c", command],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_without_an_address_there_is_no_remote_cache() -> None:
    seen = with_remote_cache("env", REMOTE_CACHE="", REMOTE_CACHE_TOKEN="secret")
    assert [name for name in seen if name.startswith("PANTS_")] == []


def test_without_a_token_the_remote_cache_is_only_read() -> None:
    seen = with_remote_cache("env", REMOTE_CACHE="grpcs://cache.example.org:443", REMOTE_CACHE_TOKEN="")
    assert seen["PANTS_REMOTE_STORE_ADDRESS"] == "grpcs://cache.example.org:443"
    assert (seen["PANTS_REMOTE_CACHE_READ"], seen["PANTS_REMOTE_CACHE_WRITE"]) == ("true", "false")
    assert [name for name in seen if "TOKEN" in name] == []


def test_a_token_for_all_lets_only_read() -> None:
    command = 'env && echo "token=$(cat "$PANTS_REMOTE_OAUTH_BEARER_TOKEN_PATH")"'
    seen = with_remote_cache(command, REMOTE_CACHE="grpc://127.0.0.1:1", REMOTE_CACHE_READ_TOKEN="readers")
    assert (seen["token"], seen["PANTS_REMOTE_CACHE_WRITE"]) == ("readers", "false")


def test_a_token_is_in_a_private_file_during_the_command(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    command = f'env && cp -p "$PANTS_REMOTE_OAUTH_BEARER_TOKEN_PATH" {copy}'
    tokens = {"REMOTE_CACHE_TOKEN": "secret", "REMOTE_CACHE_READ_TOKEN": "readers"}
    seen = with_remote_cache(command, REMOTE_CACHE="grpc://127.0.0.1:1", **tokens)
    assert seen["PANTS_REMOTE_CACHE_WRITE"] == "true"
    assert copy.read_text() == "secret"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not Path(seen["PANTS_REMOTE_OAUTH_BEARER_TOKEN_PATH"]).exists()
    assert "secret" not in seen.values()


def test_each_version_of_pants_reads_the_same_token_file() -> None:
    seen = with_remote_cache("env", REMOTE_CACHE="grpc://127.0.0.1:1", REMOTE_CACHE_TOKEN="secret")
    assert seen["PANTS_REMOTE_OAUTH_BEARER_TOKEN"] == f"@{seen['PANTS_REMOTE_OAUTH_BEARER_TOKEN_PATH']}"


def test_the_commands_own_exit_code_comes_back() -> None:
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        with_remote_cache("exit 3", REMOTE_CACHE="grpc://127.0.0.1:1", REMOTE_CACHE_TOKEN="secret")
