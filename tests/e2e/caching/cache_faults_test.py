"""Pants with a faulty remote cache: the same bytes, a warning, and no cost besides some time."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from e2e.support.cache_server import COMMAND, Server, needs_bubblewrap, serving, wait_for
from e2e.support.project import sha256
from e2e.support.runners import Bench, Built


def test_a_run_without_faults_has_no_warnings(bench: Bench) -> None:
    assert "[WARN]" not in bench.without.run.output


def test_a_server_that_is_not_there(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        options = server.options
    built = bench.runner("absent").package(*options)
    bench.check(built)
    assert "Failed to read from remote cache" in built.warnings()
    assert "Unavailable" in built.warnings()


def test_a_server_that_is_killed_in_the_middle(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        killing = threading.Thread(target=lambda: _kill_at_the_first_blob(server))
        killing.start()
        built = bench.runner("killed").package(*server.options)
        killing.join()
    bench.check(built)
    assert "Failed to" in built.warnings()


def _kill_at_the_first_blob(server: Server) -> None:
    wait_for(server.blobs, 120)
    server.kill()


def test_a_server_that_hangs(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache") as server:
        server.process.send_signal(signal.SIGSTOP)
        built = bench.runner("hung").package(*server.options)
    bench.check(built)
    assert "Failed to" in built.warnings()


def test_a_server_that_is_read_only(bench: Bench, tmp_path: Path) -> None:
    with serving(tmp_path / "cache", "--read-only") as server:
        built = bench.runner("read-only").package(*server.options, "--remote-cache-write")
    bench.check(built)
    assert "Failed to write to remote cache" in built.warnings()
    assert "this cache server is read-only" in built.warnings() or "CAS is read-only" in built.warnings()


def test_a_wrong_token(bench: Bench, tmp_path: Path) -> None:
    secrets = [tmp_path / "secret", tmp_path / "other"]
    for secret, letter in zip(secrets, "ab"):
        secret.write_text(letter * 64)
    token = subprocess.run(
        [str(COMMAND), "token", "--secret", str(secrets[1])], check=True, capture_output=True, text=True
    ).stdout
    (tmp_path / "token").write_text(token)
    with serving(tmp_path / "cache", "--token-secret", str(secrets[0])) as server:
        built = bench.runner("token").package(*server.options, f"--remote-oauth-bearer-token-path={tmp_path / 'token'}")
    bench.check(built)
    assert "Unauthenticated" in built.warnings()
    assert "Invalid authentication token" in built.warnings()


@pytest.mark.parametrize("damage", ["evicted", "truncated", "corrupted"])
def test_missing_or_damaged_blobs(bench: Bench, tmp_path: Path, damage: str) -> None:
    cache = bench.copied_cache(tmp_path)
    for name in bench.blobs:
        _damage(cache / name, damage)
    with serving(cache) as server:
        built = bench.runner(damage).package(*server.options)
        log = server.log.read_text()
        if damage == "corrupted":
            # The worst of the three: the blob is reported as present until it is read.
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


@needs_bubblewrap
def test_a_servers_disk_that_is_full(bench: Bench, tmp_path: Path) -> None:
    """It has all results but one and no free space: hits are used, and Pants learns that one was not stored."""
    used = sum(path.stat().st_size + 4096 for path in bench.cache.rglob("*"))
    runner = bench.runner("full")
    runner.project.edit("tiny/native.cc")  # its object, and so the wheel, does not change
    with serving(tmp_path / "cache", disk=used) as server:
        for part in ("cas", "ac"):
            # As just used: a server with a full disk evicts what was not used for a while, and the bench may be older.
            shutil.copytree(
                bench.cache / part, server.directory / part, copy_function=shutil.copyfile, dirs_exist_ok=True
            )
        _fill(server.directory)
        before = _kept(server)
        built = runner.package(*server.options)
        assert server.client.ask(("capabilities",)) == [True]
        assert _kept(server) == before
        assert [blob for blob in server.blobs() if sha256(blob) != blob.parent.name + blob.name] == []
    bench.check(built)
    assert len(runner.ran("compile")) == 1
    assert runner.ran("link", "assemble", "repair", "verify", "stamp") == []
    assert "Failed to write to remote cache" in built.warnings()
    assert "the cache server's disk is full (No space left on device)" in built.warnings()


def _kept(server: Server) -> list[Path]:
    """Return the files that a server keeps, and its temporary files."""
    return sorted(path for part in ("cas", "ac", "tmp") for path in (server.directory / part).rglob("*"))


def _fill(folder: Path) -> None:
    """Fill a disk completely."""
    with (folder / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space left"):
        ballast.writelines(itertools.repeat(bytes(1 << 16)))


def test_two_concurrent_cold_runners(bench: Bench, tmp_path: Path) -> None:
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
        assert each.warnings() == ""
    assert third.run.ran("Compile", "Link") == []
