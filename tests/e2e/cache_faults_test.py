"""Pants and a remote cache of which something is wrong: the same bytes, a warning, and no more than some time lost."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.cache_server import COMMAND, Server, serving, wait_for
from e2e.project import PantsRun, Project, sha256

BUILD = """
cc_sources(name="native")

python_extension(name="ext", module="tiny._native", dependencies=[":native"])

python_native_wheel(name="wheel", dependencies=[":ext", "tiny/tiny"], pythons=["3.12"])
"""
# What a fault may cost, in seconds: up to 5 for each look-up on the way to the wheel, and 20 at the end for storing.
_MOST_DELAY = 60


@dataclass(frozen=True)
class Built:
    """A run that packaged the wheel."""

    run: PantsRun
    wheel: str
    seconds: float


@dataclass(frozen=True)
class Runner:
    """A machine of its own: a checkout, and a store that has the tools and nothing of what is built of the sources."""

    project: Project
    store: Path

    def package(self, *options: str) -> Built:
        """Package the wheel, whose sources no run before has seen but those of `changed`."""
        began = time.monotonic()
        variables = {"PANTS_LOCAL_STORE_DIR": str(self.store), "PANTS_STATS_LOG": "true"}
        self.project.clear_dist()
        # As pants.ci.toml has it.
        bounds = ("--remote-store-rpc-timeout-millis=5000", "--session-end-tasks-timeout=20")
        run = self.project.pants(*bounds, *options, "package", "tiny:wheel", daemon=False, variables=variables)
        run.checked()
        return Built(run, sha256(self.project.wheel("spokeshave-tiny")), time.monotonic() - began)


@dataclass(frozen=True)
class Bench:
    """What all faults start from: the tools' store, the wheel as it has to be, and a cache that has it."""

    root: Path
    tools: Path
    changed: str
    without: Built
    cache: Path
    blobs: tuple[str, ...]

    def runner(self, name: str) -> Runner:
        """A runner that has never built this change."""
        store = self.root / f"{name}-store"
        _copy(self.tools, store)
        return Runner(_project(self.root / name / "repo", self.changed), store)

    def copied_cache(self, folder: Path) -> Path:
        """The cache, to do something to."""
        _copy(self.cache, folder / "cache")
        return folder / "cache"

    def check(self, built: Built) -> None:
        """That a fault cost nothing but some time."""
        assert built.wheel == self.without.wheel
        assert built.seconds < 2 * self.without.seconds + _MOST_DELAY


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", str(source), str(destination)], check=True)


def _project(root: Path, answer: str) -> Project:
    made = Project.copy(root, "tiny")
    made.write("tiny/BUILD", BUILD)
    text = (made.root / "tiny/native.cc").read_text()
    assert "42" in text
    made.write("tiny/native.cc", text.replace("42", answer))
    return made


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("faults")
    tools = root / "tools-store"
    # Another answer than the one of the faults, so that the store has tools and runtime pack and none of the results;
    # with a cache, so that it has the lists of packages as well.
    with serving(root / "filling") as server:
        Runner(_project(root / "tools/repo", "41"), tools).package(*server.options)
    without_store = root / "without-store"
    _copy(tools, without_store)
    without = Runner(_project(root / "without/repo", "43"), without_store).package()
    warming = root / "warming-store"
    _copy(tools, warming)
    with serving(root / "cache") as server:
        warm = Runner(_project(root / "warming/repo", "43"), warming).package(*server.options)
        blobs = tuple(str(path.relative_to(server.directory)) for path in server.blobs())
        server.stop()
    assert warm.wheel == without.wheel
    for store in (without_store, warming, root / "filling"):
        shutil.rmtree(store)
    yield Bench(root, tools, "43", without, root / "cache", blobs)
    shutil.rmtree(root)


def warnings(built: Built) -> str:
    """What Pants warned of its cache."""
    return "\n".join(line for line in built.run.stderr.splitlines() if "remote cache" in line and "[WARN]" in line)


def test_a_server_that_is_not_there(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        options = server.options
    built = bench.runner("absent").package(*options)
    bench.check(built)
    assert "Failed to read from remote cache" in warnings(built)
    assert "Unavailable" in warnings(built)


def test_a_server_that_is_killed_in_the_middle(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        killing = threading.Thread(target=lambda: _kill_at_the_first_blob(server))
        killing.start()
        built = bench.runner("killed").package(*server.options)
        killing.join()
    bench.check(built)
    assert "Failed to" in warnings(built)


def _kill_at_the_first_blob(server: Server) -> None:
    wait_for(server.blobs, 120)
    server.kill()


def test_a_server_that_hangs(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        server.process.send_signal(signal.SIGSTOP)
        built = bench.runner("hung").package(*server.options)
    bench.check(built)
    assert "Failed to" in warnings(built)


def test_a_server_that_is_read_only(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache", "--read-only") as server:
        built = bench.runner("read-only").package(*server.options, "--remote-cache-write")
    bench.check(built)
    assert "Failed to write to remote cache" in warnings(built)
    assert "this cache server is read-only" in warnings(built) or "CAS is read-only" in warnings(built)


def test_a_wrong_token(bench: Bench, tmp_path: Path) -> None:
    secrets = [tmp_path / "secret", tmp_path / "other"]
    for secret, letter in zip(secrets, "ab"):
        secret.write_text(letter * 64)
    token = subprocess.run(
        [str(COMMAND), "token", "--secret", str(secrets[1])], check=True, capture_output=True, text=True
    ).stdout
    (tmp_path / "token").write_text(token)
    with serving(tmp_path / "cache", "--token-secret", str(secrets[0])) as server:
        built = bench.runner("token").package(
            *server.options[:-1], f"--remote-oauth-bearer-token-path={tmp_path / 'token'}"
        )
    bench.check(built)
    assert "Unauthenticated" in warnings(built)
    assert "Invalid authentication token" in warnings(built)


@pytest.mark.parametrize("damage", ["evicted", "truncated", "corrupted"])
def test_blobs_that_are_not_there_or_not_what_they_should_be(bench: Bench, tmp_path: Path, damage: str) -> None:
    cache = bench.copied_cache(tmp_path)
    for name in bench.blobs:
        _damage(cache / name, damage)
    with serving(cache) as server:
        built = bench.runner(damage).package(*server.options)
        log = server.log.read_text()
        if damage == "corrupted":
            # The worst of the three: whoever asks whether it is there is told so until somebody reads it.
            again = bench.runner("again").package(*server.options)
            bench.check(again)
            assert again.run.ran("Compile", "Link") == []
    bench.check(built)
    assert ("was damaged on disk" in log) is (damage != "evicted")


def _damage(blob: Path, damage: str) -> None:
    if damage == "evicted":
        blob.unlink()
    elif damage == "truncated":
        os.truncate(blob, blob.stat().st_size // 2)
    else:
        data = bytearray(blob.read_bytes())
        data[len(data) // 2] ^= 1
        blob.write_bytes(data)


def _tiny_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


def test_a_servers_disk_that_is_full(bench: Bench, tmp_path: Path) -> None:
    """Files of the server do not grow: the nearest to a full disk that needs no right to mount one."""
    with serving(tmp_path / "cache", prepare=_tiny_files_only) as server:
        built = bench.runner("full").package(*server.options)
    bench.check(built)
    assert "Failed to write to remote cache" in warnings(built)
    assert "disk is full" in warnings(built)


def test_two_cold_runners_at_once(bench: Bench, tmp_path: Path) -> None:
    runners = [bench.runner("left"), bench.runner("right")]
    built: list[Built] = []
    with serving(tmp_path / "cache") as server:
        threads = [
            threading.Thread(target=lambda runner=runner: built.append(runner.package(*server.options)))
            for runner in runners
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        third = bench.runner("third").package(*server.options)
    assert len(built) == 2
    for each in (*built, third):
        bench.check(each)
        assert warnings(each) == ""
    assert third.run.ran("Compile", "Link") == []
