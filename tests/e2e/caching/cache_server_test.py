"""The cache server of `tools/cache-server`, from its clients' view."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from e2e.support.cache_server import COMMAND, Client, Server, needs_bubblewrap, refused, serving, start, wait_for
from spokeshave.testing.killing_fixtures import Trial, is_thorough
from spokeshave.testing.tracing_fixtures import Action, Command, Disturbance, Watch, run_traced
from spokeshave_core.home import spokeshave_home

MEGA = 1 << 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a folder with only Pants prepared."""
    home_folder = tmp_path_factory.mktemp("home")
    subprocess.run([str(COMMAND.parents[1] / "pants"), "--no-pantsd", "--version"], check=True, capture_output=True)
    for prepared in spokeshave_home().glob("pants-*"):
        (home_folder / prepared.name).symlink_to(prepared)
    return home_folder


INSTALLATION = [
    Disturbance(0, within="/cache-server-[^/]*$"),
    Disturbance(10, within="/cache-server-.*/lib/python"),
    Disturbance(0, Action.CUT, within="/site-packages/grpc/"),
    Disturbance(0, Action.CUT, within="/site-packages/buildgrid/"),
]


@pytest.fixture(scope="module")
def installed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install BuildGrid's environment: the first attempt is killed, and then two commands create it concurrently."""
    work = tmp_path_factory.mktemp("installing")
    command = [str(COMMAND), "--listen", "127.0.0.1:0", "--directory", str(work / "killed")]
    first = Command(command, {**os.environ, "SPOKESHAVE_HOME": str(home)}, work)
    for moment in INSTALLATION if is_thorough() else INSTALLATION[-1:]:
        killed = run_traced(first, Watch((home,)), moment)
        assert (killed.is_disturbed, killed.exit_code) == (True, -signal.SIGKILL), (moment, killed.output)
    logs = [work / "one.log", work / "two.log"]
    both = [start(work / log.stem, home=home, log=log) for log in logs]
    try:
        for process, log in zip(both, logs):
            _wait_until_ready(process, log)
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert sorted("another setup is running" in log.read_text() for log in logs) == [False, True]
    return home


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> None:
    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        return "ready: ./pants" in log.read_text()

    wait_for(ready, 300)


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "cache", home=installed) as started:
        yield started


def made_file(folder: Path, name: str, size: int = 100_000) -> str:
    """Write a file of random bytes."""
    path = folder / name
    path.write_bytes(os.urandom(size))
    return str(path)


def test_the_ready_line_has_the_options_and_the_server_answers(server: Server) -> None:
    (line,) = [line for line in server.log.read_text().splitlines() if "ready:" in line]
    address = server.ready["address"]
    assert line == (
        f"cache-server: ready: ./pants --remote-cache-read --remote-cache-write --remote-store-address={address}"
    )
    assert server.client.ask(("capabilities",)) == [True]


def test_a_restart_keeps_blobs_and_results(installed: Path, tmp_path: Path) -> None:
    file = made_file(tmp_path, "file", 3 * MEGA)
    with serving(tmp_path / "cache", home=installed) as server:
        (digest, _) = server.client.ask(("put", file), ("look", "compile"))
        server.client.ask(("store", "compile", [digest]))
        assert server.stop() < 5
        assert server.process.returncode == 0
        assert not (tmp_path / "cache-ready.json").exists()
    with serving(tmp_path / "cache", home=installed) as server:
        answers = server.client.ask(("look", "compile"), ("get", digest, str(tmp_path / "again")), ("look", "link"))
        assert answers[:2] == [[digest], 3 * MEGA]
        assert answers[2].startswith("NOT_FOUND")
        assert (tmp_path / "again").read_bytes() == Path(file).read_bytes()
        status = _status(installed, tmp_path / "cache", "running: grpc://")
    assert "lookups: 2 since it started, 1 of them hits" in status
    assert "not running" in _status(installed, tmp_path / "cache", "not running")


def _status(home: Path, directory: Path, wanted: str) -> str:
    """Return the status when it includes the last requests."""
    text = ""

    def is_current() -> bool:
        nonlocal text
        command = [str(COMMAND), "status", "--directory", str(directory)]
        env = {**os.environ, "SPOKESHAVE_HOME": str(home)}
        text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
        return wanted in text and "lookups: 2" in text

    wait_for(is_current, 15)
    return text


@pytest.mark.parametrize("damage", ["truncated", "changed", "deleted"])
def test_a_damaged_blob_is_missing_and_stored_again(server: Server, tmp_path: Path, damage: str) -> None:
    file = made_file(tmp_path, "file", 3 * MEGA)
    (digest,) = server.client.ask(("put", file))
    server.client.ask(("store", "compile", [digest]))
    blob = server.blob(digest)
    if damage == "deleted":
        blob.unlink()
    elif damage == "truncated":
        os.truncate(blob, 1000)
    else:
        with blob.open("r+b") as stream:
            stream.seek(2 * MEGA)
            stream.write(b"damage")
    got = str(tmp_path / "got")
    answers = server.client.ask(("get", digest, got), ("missing", [digest]), ("look", "compile"))
    assert answers[0].startswith("NOT_FOUND")
    assert answers[1] == [digest]
    assert answers[2].startswith("NOT_FOUND")
    assert Path(got).stat().st_size < 3 * MEGA
    assert server.client.ask(("put", file), ("missing", [digest]), ("get", digest, got)) == [digest, [], 3 * MEGA]
    if damage != "deleted":
        assert "was damaged on disk" in server.log.read_text()


def test_a_result_with_a_truncated_blob_is_missing(server: Server, tmp_path: Path) -> None:
    (digest,) = server.client.ask(("put_batch", made_file(tmp_path, "file")))
    server.client.ask(("store", "compile", [digest]))
    os.truncate(server.blob(digest), 10)
    (answer,) = server.client.ask(("look", "compile"))
    assert answer.startswith("NOT_FOUND")
    assert not server.blob(digest).exists()


def test_a_damaged_result_is_missing(server: Server, tmp_path: Path) -> None:
    (digest,) = server.client.ask(("put", made_file(tmp_path, "file")))
    server.client.ask(("store", "compile", [digest]))
    (result,) = (server.directory / "ac").glob("*/*")
    result.write_bytes(result.read_bytes()[:-1] + b"x")
    (answer,) = server.client.ask(("look", "compile"))
    assert answer.startswith("NOT_FOUND")


def test_least_recently_used_entries_are_evicted(installed: Path, tmp_path: Path) -> None:
    options = ("--max-size", "5M", "--keep-recent", "1h")
    with serving(tmp_path / "cache", *options, home=installed) as server:
        files = [made_file(tmp_path, f"{number}", MEGA - 4096) for number in range(8)]
        digests = server.client.ask(*(("put", file) for file in files[:4]))
        server.client.ask(*(("store", f"action {number}", [digests[number]]) for number in range(4)))
        # As if all had been used a day ago, one after the other, and the first again just now.
        for path in [*server.directory.glob("cas/objects/*/*"), *server.directory.glob("ac/*/*")]:
            os.utime(path, (time.time() - 86400,) * 2)
        for number, digest in enumerate(digests):
            os.utime(server.blob(digest), (time.time() - 86400 + number,) * 2)
        assert server.client.ask(("look", "action 0")) == [[digests[0]]]
        server.client.ask(*(("put", file) for file in files[4:6]))
        wait_for(lambda: _size(server) <= 5 * MEGA, 10)
        answers = server.client.ask(("missing", digests), ("look", "action 0"), ("look", "action 1"))
    missing = answers[0]
    assert missing == digests[1 : 1 + len(missing)]
    assert len(missing) in (1, 2)
    assert answers[1] == [digests[0]]
    assert answers[2].startswith("NOT_FOUND")


def _size(server: Server) -> int:
    return sum(path.stat().st_size for path in server.blobs())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The files of a certificate for this machine and of its key, with the certificate of the authority behind it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    (folder / "cert.pem").write_bytes(issued.cert_chain_pems[0].bytes() + authority.cert_pem.bytes())
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem")


def token(home: Path, secret: Path, *options: str) -> str:
    command = [str(COMMAND), "token", "--secret", str(secret), *options]
    env = {**os.environ, "SPOKESHAVE_HOME": str(home)}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_tls_and_tokens_admit_or_refuse_with_a_reason(
    installed: Path, certificate: tuple[str, str], tmp_path: Path
) -> None:
    cert, key = certificate
    secret = tmp_path / "secret"
    other = tmp_path / "other"
    secret.write_text(f"{'s' * 64}\n")
    other.write_text(f"{'o' * 64}\n")
    options = ("--tls-cert", cert, "--tls-key", key, "--token-secret", str(secret), "--instance-name", "main")
    file = made_file(tmp_path, "file")
    with serving(tmp_path / "cache", *options, home=installed) as server:
        assert server.options[2:] == (
            f"--remote-store-address={server.ready['address']}",
            "--remote-instance-name=main",
            f"--remote-ca-certs-path={cert}",
        )
        (line,) = [line for line in server.log.read_text().splitlines() if line.startswith("cache-server: ready: ")]
        assert " --remote-oauth-bearer-token=@TOKEN_FILE " in line
        assert line.endswith("(with Pants 2.17.1: --remote-oauth-bearer-token-path=TOKEN_FILE)")
        assert server.ready["address"].startswith("grpcs://127.0.0.1:")
        nobody = server.client.having(ca=cert, instance="main")
        writer = nobody.having(token=token(installed, secret))
        reader = nobody.having(token=token(installed, secret, "--read-only"))
        (digest, stored, found) = writer.ask(("put", file), ("store", "a", [_digest(file)]), ("look", "a"))
        assert (stored, found) == ("stored", [digest])
        answers = reader.ask(("look", "a"), ("get", digest, str(tmp_path / "got")), ("store", "a", []), ("put", file))
        assert answers[:2] == [[digest], 100_000]
        assert answers[2] == "PERMISSION_DENIED: the token does not allow UpdateActionResult"
        assert answers[3] == "PERMISSION_DENIED: the token does not allow Write"
        for client, reason in (
            (nobody, "requires a bearer token"),
            (nobody.having(token=token(installed, other)), "Invalid authentication token"),
            (nobody.having(token=token(installed, secret, "--days=-1")), "Expired authentication token"),
            (nobody.having(token="nonsense"), "Invalid authentication token"),
        ):
            for answer in client.ask(("look", "a"), ("get", digest, str(tmp_path / "no")), ("store", "a", [])):
                assert answer.startswith("UNAUTHENTICATED")
                assert reason in answer
        (plain,) = writer.having(address=server.ready["address"].replace("grpcs", "grpc")).ask(("look", "a"))
        assert plain.startswith("UNAVAILABLE")


def _digest(file: str) -> str:
    import hashlib

    data = Path(file).read_bytes()
    return f"{hashlib.sha256(data).hexdigest()}/{len(data)}"


def test_a_read_only_server_stores_nothing(installed: Path, tmp_path: Path) -> None:
    file = made_file(tmp_path, "file")
    with serving(tmp_path / "cache", home=installed) as server:
        (digest, _) = server.client.ask(("put", file), ("store", "a", [_digest(file)]))
        server.stop()
    with serving(tmp_path / "cache", "--read-only", home=installed) as server:
        other = made_file(tmp_path, "other")
        answers = server.client.ask(
            ("capabilities",), ("look", "a"), ("store", "b", []), ("put", other), ("put_batch", other)
        )
        assert answers[:2] == [False, [digest]]
        assert all(answer.startswith("PERMISSION_DENIED") and "read-only" in answer for answer in answers[2:])
        assert "--remote-cache-write" not in server.options
        assert "Traceback" not in server.log.read_text()


def test_what_cannot_be_served_is_refused_with_the_remedy(server: Server, installed: Path, tmp_path: Path) -> None:
    log = tmp_path / "refused.log"
    text = refused(server.directory, home=installed, log=log)
    assert "is in use by another cache server" in text
    assert "give this one another --directory" in text
    port = server.ready["address"].rpartition(":")[2]
    text = refused(tmp_path / "another", "--listen", f"127.0.0.1:{port}", home=installed, log=log)
    assert f"127.0.0.1:{port}: cannot be used as the listen address: the port is in use" in text
    assert text.count("\n") == 3, text
    (tmp_path / "file").touch()
    text = refused(tmp_path / "file/cache", home=installed, log=log)
    assert "Not a directory" in text
    text = refused(tmp_path / "cache", "--listen", "0.0.0.0:0", "--max-size", "huge", home=installed, log=log)
    assert "'huge' is not a valid size" in text
    text = refused(tmp_path / "cache", "--listen", "0.0.0.0:0", home=installed, log=log)
    assert "can be reached from other machines" in text


def test_a_killed_server_leaves_no_partial_files(installed: Path, tmp_path: Path) -> None:
    """By a kill of the server and its client at any change of the cache."""
    files = [made_file(tmp_path, f"{number}", 500_000) for number in range(3)]
    digests = [_digest(file) for file in files]
    with serving(tmp_path / "empty", home=installed):
        pass

    def prepared() -> Callable[[], None]:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        shutil.copytree(tmp_path / "empty", tmp_path / "cache")
        return put

    def put() -> None:
        with serving(tmp_path / "cache", home=installed) as server:
            assert server.client.ask(*(("put", file) for file in files)) == digests
            server.stop()

    # Two of some 60: a server starts in seconds. The parts in which it receives a file depend on the time.
    for _ in Trial(prepared, Watch((tmp_path / "cache",)), most=2, is_exact=False).runs():
        with serving(tmp_path / "cache", home=installed) as server:
            assert list((server.directory / "tmp").iterdir()) == []
            (missing,) = server.client.ask(("missing", digests))
            got = [str(tmp_path / f"got-{number}") for number in range(3)]
            answers = server.client.ask(*(("get", digest, path) for digest, path in zip(digests, got)))
            for file, digest, path, answer in zip(files, digests, got, answers):
                if digest in missing:
                    assert answer.startswith("NOT_FOUND")
                else:
                    assert Path(path).read_bytes() == Path(file).read_bytes()
            assert server.client.ask(*(("put", file) for file in files)) == digests
            assert server.client.ask(("missing", digests)) == [[]]


def test_a_large_blob_does_not_fill_the_servers_memory(server: Server, tmp_path: Path) -> None:
    file = made_file(tmp_path, "large", 200 * MEGA)
    server.client.ask(("put", made_file(tmp_path, "small")))
    before = server.peak_memory()
    answers = server.client.ask(("put", file), ("get", _digest(file), str(tmp_path / "got")))
    assert answers == [_digest(file), 200 * MEGA]
    assert server.peak_memory() - before < 60 * MEGA


def _small_files_only() -> None:
    """Limit the size of files, like a full disk: EFBIG takes the part of ENOSPC and EDQUOT without a mount."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGA, MEGA))


def test_a_full_disk_is_reported_and_existing_blobs_served(installed: Path, tmp_path: Path) -> None:
    small = made_file(tmp_path, "small")
    large = made_file(tmp_path, "large", 2 * MEGA)
    with serving(tmp_path / "cache", home=installed, prepare=_small_files_only) as server:
        answers = server.client.ask(("put", large), ("put_batch", large), ("missing", [_digest(large)]), ("put", small))
        for answer in answers[:2]:
            assert answer.startswith("RESOURCE_EXHAUSTED")
            assert "disk is full" in answer
        assert answers[2:] == [[_digest(large)], _digest(small)]
        assert list((server.directory / "tmp").iterdir()) == []


@needs_bubblewrap
def test_a_filling_disk_is_reported_and_stored_blobs_served(installed: Path, tmp_path: Path) -> None:
    """The server has a disk of its own with space for some of the files. The next one fails in the middle."""
    files = [made_file(tmp_path, f"{number}", MEGA) for number in range(8)]
    digests = [_digest(file) for file in files]
    with serving(tmp_path / "cache", home=installed, disk=5 * MEGA + MEGA // 2) as server:
        puts = server.client.ask(*(("put", file) for file in files))
        full = "RESOURCE_EXHAUSTED: the cache server's disk is full (No space left on device)"
        assert puts == [*digests[:5], full, full, full]
        assert list((server.directory / "tmp").iterdir()) == []
        gets = [("get", digest, str(tmp_path / "got")) for digest in digests[:5]]
        assert server.client.ask(("missing", digests), *gets) == [digests[5:], *[MEGA] * 5]
        server.blob(digests[0]).unlink()
        assert server.client.ask(("put", files[-1])) == [digests[-1]]


def test_a_hanging_client_does_not_block_shutdown(server: Server, tmp_path: Path) -> None:
    file = made_file(tmp_path, "large", 50 * MEGA)
    (digest,) = server.client.ask(("put", file))
    with subprocess.Popen(
        [server.client.python, "-I", "-c", _HANGING, server.ready["address"].partition("://")[2], digest],
        stdout=subprocess.PIPE,
        text=True,
    ) as hanging:
        assert hanging.stdout is not None
        hanging.stdout.readline()
        hanging.send_signal(signal.SIGSTOP)
        try:
            assert server.stop() < 12
        finally:
            hanging.kill()


_HANGING = """
import sys, time
import grpc
from buildgrid._protos.google.bytestream import bytestream_pb2, bytestream_pb2_grpc
stub = bytestream_pb2_grpc.ByteStreamStub(grpc.insecure_channel(sys.argv[1]))
answers = stub.Read(bytestream_pb2.ReadRequest(resource_name=f"blobs/{sys.argv[2]}"))
next(answers)
print("reading", flush=True)
time.sleep(600)
"""


def test_a_file_configures_it(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "cache.toml"
    config.write_text('max-size = "7G"\nread-only = true\n')
    with serving(tmp_path / "cache", "--config", str(config), home=installed) as server:
        assert server.client.ask(("capabilities",)) == [False]
        wait_for((server.directory / "status.json").exists, 15)
        assert re.search(r'"max_size": 7516192768', (server.directory / "status.json").read_text())


def test_many_concurrent_clients_are_served(server: Server, tmp_path: Path) -> None:
    files = [made_file(tmp_path, f"{number}", 50_000) for number in range(50)]
    digests = [_digest(file) for file in files]
    results: list[list[object]] = []

    def use(client: Client) -> None:
        results.append(client.ask(*(("put", file) for file in files), ("missing", digests)))

    threads = [threading.Thread(target=use, args=(server.client,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result[-1] for result in results] == [[]] * 3
    assert len(server.blobs()) == 50
    with socket.create_connection(("127.0.0.1", int(server.ready["address"].rpartition(":")[2]))):
        assert server.client.ask(("missing", digests)) == [[]]


def test_requests_of_sixteen_concurrent_runners_are_served(server: Server) -> None:
    found: Counter[str] = Counter()

    def look(client: Client) -> None:
        found.update(client.ask(("look_at_once", 200))[0])

    threads = [threading.Thread(target=look, args=(server.client,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"NOT_FOUND": 3200}
