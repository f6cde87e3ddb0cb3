"""First starts of ./pants on new machines: each has a home of its own, and PyPI is the real one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spokeshave.testing.killing_fixtures import is_thorough
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Action, Command, Disturbance, Watch, run_traced

REPOSITORY = Path(__file__).parents[2]
VERSION = "2.17.1\n"
PYTHONS = str(Path(sys.base_prefix, "bin"))
SYSTEM = "/usr/bin:/bin"
# The programs that the launcher calls, without Python and uv.
COMMANDS = ("awk", "cksum", "date", "env", "find", "mkdir", "mktemp", "rm", "sh")
OWN_VARIABLES = ("XDG_CACHE_HOME", "SPOKESHAVE_HOME", "PYENV_ROOT", "PYTHONPATH")


@dataclass(frozen=True)
class Machine:
    """A checkout (with a space in its path) and an empty home."""

    root: Path
    path: str = f"{PYTHONS}:{SYSTEM}"
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.root / "check out"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def launcher(self) -> Path:
        return self.checkout / "pants"

    @property
    def pins(self) -> Path:
        return self.checkout / "3rdparty/python/pants.txt"

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        self.pins.parent.mkdir(parents=True)
        shutil.copy2(REPOSITORY / "pants", self.launcher)
        for name in ("pants.txt", "uv.txt"):
            shutil.copy2(REPOSITORY / "3rdparty/python" / name, self.pins.parent)
        (self.checkout / "pants.toml").write_text('[GLOBAL]\npants_version = "2.17.1"\npantsd = false\n')

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in OWN_VARIABLES and not name.startswith("PANTS_")
        }
        return {**inherited, "HOME": str(self.home), "PATH": self.path, **self.variables}

    def popen(self, stderr: Path) -> subprocess.Popen[str]:
        with stderr.open("w") as stream:
            return subprocess.Popen(
                [self.launcher, "--version"],
                cwd=self.checkout,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                start_new_session=True,
            )

    def run(
        self, *arguments: str, cwd: Path | None = None, interpreter: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*interpreter, self.launcher, *arguments],
            cwd=cwd or self.checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def prepared(self, place: Path | None = None) -> list[Path]:
        """Return the finished preparations below the home."""
        return sorted((place or self.home / ".cache/spokeshave").glob("pants-*/ready"))


def wait_for(text: str, file: Path) -> None:
    deadline = time.monotonic() + 120
    while text not in file.read_text():
        assert time.monotonic() < deadline, f"{text!r} never came; so far:\n{file.read_text()}"
        time.sleep(0.05)


@dataclass(frozen=True)
class FirstStarts:
    machine: Machine
    codes: list[int]
    stdouts: list[str]
    stderrs: list[str]


@pytest.fixture(scope="module")
def first_starts(tmp_path_factory: pytest.TempPathFactory) -> FirstStarts:
    """Two concurrent first starts, with a broken python3.9 first on PATH, like a pyenv shim."""
    root = tmp_path_factory.mktemp("first")
    shims = root / "shims"
    shims.mkdir()
    (shims / "python3.9").write_text("#!/bin/sh\necho 'pyenv: python3.9: command not found' >&2\nexit 127\n")
    (shims / "python3.9").chmod(0o755)
    machine = Machine(root, path=f"{shims}:{PYTHONS}:{SYSTEM}")
    logs = [root / "one.log", root / "two.log"]
    processes = [machine.popen(log) for log in logs]
    stdouts = [process.communicate()[0] for process in processes]
    return FirstStarts(
        machine=machine,
        codes=[process.returncode for process in processes],
        stdouts=stdouts,
        stderrs=[log.read_text() for log in logs],
    )


def test_two_concurrent_first_starts_prepare_once(first_starts: FirstStarts) -> None:
    assert first_starts.codes == [0, 0], first_starts.stderrs
    assert first_starts.stdouts == [VERSION, VERSION]
    assert sorted("preparing Pants in" in text for text in first_starts.stderrs) == [False, True]
    assert sorted("another start is preparing Pants" in text for text in first_starts.stderrs) == [False, True]
    assert len(first_starts.machine.prepared()) == 1


def test_a_first_start_prints_its_progress(first_starts: FirstStarts) -> None:
    message = next(text for text in first_starts.stderrs if "preparing Pants in" in text)
    for step in ("virtual environment on .*/python3.9", "Pants and its libraries", "the pex file"):
        assert re.search(rf"^\./pants:   {step} \.\.\.$", message, re.MULTILINE)
        assert re.search(rf"^\./pants:   {step}: \d+ s$", message, re.MULTILINE)


def test_a_start_writes_nothing_to_the_home_but_the_caches(first_starts: FirstStarts) -> None:
    home = first_starts.machine.home
    assert [entry.name for entry in home.iterdir()] == [".cache"]
    assert sorted(entry.name for entry in (home / ".cache").iterdir()) == ["pants", "spokeshave"]
    [ready] = first_starts.machine.prepared()
    assert sorted(entry.name for entry in ready.parent.iterdir()) == ["pex", "ready", "server", "venv"]


def test_a_later_start_runs_one_program_before_pants(first_starts: FirstStarts) -> None:
    machine = first_starts.machine
    [ready] = machine.prepared()
    # The shell's trace has a line for each command: those of the shell itself, and the programs that it starts.
    traced = machine.run("--no-pantsd", "--version", interpreter=("/bin/sh", "-x"))
    assert (traced.returncode, traced.stdout) == (0, VERSION), traced.stderr
    commands = [line[2:].split()[0] for line in traced.stderr.splitlines() if re.match(r"\++ [\w./]", line)]
    programs = [command for command in commands if not re.match(r"\w+=|(set|unset|export|exec|ready)$", command)]
    assert programs == ["cksum"]
    client = f"{ready.parent}/venv/lib/python3.9/site-packages/pants/bin/native_client"
    assert f"+ exec {client} --no-pantsd --version" in traced.stderr


def test_a_daemon_asks_for_huge_pages(first_starts: FirstStarts) -> None:
    machine = first_starts.machine
    assert machine.run("--pantsd", "roots").returncode == 0
    [file] = machine.checkout.glob(".pids/*/pantsd/pid")
    daemon = int(file.read_text())
    try:
        variables = Path(f"/proc/{daemon}/environ").read_bytes()
    finally:
        os.kill(daemon, signal.SIGTERM)
    # The C library ends each setting with a NUL.
    assert b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1\0glibc.malloc.arena_max=1\0" in variables


def test_arguments_and_the_working_directory_reach_pants(first_starts: FirstStarts) -> None:
    below = first_starts.machine.checkout / "some source"
    below.mkdir()
    (below / "a.py").touch()
    result = first_starts.machine.run("--source-root-patterns=['/some source']", "roots", cwd=below)
    assert result.stdout == "some source\n", result.stderr


def test_a_start_waits_for_the_children_of_a_killed_one(tmp_path: Path) -> None:
    """They hold its lock."""
    place = tmp_path / "moved"
    machine = Machine(tmp_path, variables={"SPOKESHAVE_HOME": str(place)})
    log = tmp_path / "killed.log"
    process = machine.popen(log)
    wait_for("Pants and its libraries ...", log)
    time.sleep(1)
    process.kill()
    process.wait()
    assert machine.prepared(place) == []

    again = machine.run("--version")
    assert (again.returncode, again.stdout) == (0, VERSION), again.stderr
    assert len(machine.prepared(place)) == 1
    assert not (machine.home / ".cache/spokeshave").exists()


# What the launcher writes, in this order.
MOMENTS = {
    "the folder": Disturbance(0, within=r"/pants-[^/]*$"),
    "the lock": Disturbance(0, within=r"\.lock$"),
    "the virtual environment": Disturbance(20, within="/venv/"),
    "a library": Disturbance(5, Action.CUT, within="site-packages/pants/"),
    "the pex file": Disturbance(2, Action.CUT, within=r"/pex$"),
    "the pex file, alone": Disturbance(2, Action.ALONE, within=r"/pex$"),
    # Before it downloads are removed, which pip keeps only if the index allows it.
    "the removal of wheels": Disturbance(1, within="/wheels$"),
    "the mark": Disturbance(0, within="/ready$"),
}
# A start takes some 20 seconds.
FEW = ("the pex file",)


@needs_system_calls
@pytest.mark.parametrize("moment", list(MOMENTS) if is_thorough() else FEW)
def test_a_start_after_a_killed_one_works(tmp_path: Path, moment: str) -> None:
    place = tmp_path / "moved"
    machine = Machine(tmp_path, variables={"SPOKESHAVE_HOME": str(place)})
    start = Command([str(machine.launcher), "--version"], machine.environment, machine.checkout)
    killed = run_traced(start, Watch((place,)), MOMENTS[moment])
    assert killed.is_disturbed
    assert killed.exit_code in (-signal.SIGKILL, 1), killed.output
    assert machine.prepared(place) == []

    again = machine.run("--version")
    assert (again.returncode, again.stdout) == (0, VERSION), again.stderr
    [ready] = machine.prepared(place)
    assert sorted(entry.name for entry in place.iterdir()) == [ready.parent.name, f"{ready.parent.name}.lock"]
    assert sorted(entry.name for entry in ready.parent.iterdir()) == ["pex", "ready", "server", "venv"]
    assert not (machine.home / ".cache/spokeshave").exists()


def failure_of(machine: Machine) -> str:
    """Return the error of a failing start, which must leave nothing that a later one would use."""
    result = machine.run("--version")
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert "Traceback" not in result.stderr
    assert machine.prepared() == []
    assert {file.name for file in machine.home.glob(".cache/spokeshave/pants-*/*")} <= {"downloads"}
    return result.stderr


def test_a_distribution_with_another_hash_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    head, name, rest = machine.pins.read_text().partition("ansicolors==")
    machine.pins.write_text(head + name + re.sub(r"sha256:\w{64}", "sha256:" + 64 * "0", rest, count=2))
    message = failure_of(machine)
    assert "DO NOT MATCH THE HASHES" in message
    assert "ansicolors" in message
    assert "failed: Pants and its libraries" in message


def test_a_pex_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    text = machine.launcher.read_text()
    machine.launcher.write_text(re.sub(r"(?m)^pex_sha256=\w{64}$", "pex_sha256=" + 64 * "0", text))
    message = failure_of(machine)
    assert f"but the launcher expects {64 * '0'}" in message
    assert "failed: the pex file" in message


def test_without_a_network_reason_and_remedy_are_printed(tmp_path: Path) -> None:
    nobody = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_FIND_LINKS": ""}
    message = failure_of(Machine(tmp_path, variables=nobody))
    assert "failed: Pants and its libraries" in message
    assert "PIP_PROXY" in message


def test_without_any_python_the_remedy_is_printed(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for command in COMMANDS:
        found = shutil.which(command, path=SYSTEM)
        assert found
        (programs / command).symlink_to(found)
    message = failure_of(Machine(tmp_path, path=str(programs)))
    assert "Pants needs CPython 3.9" in message
    assert "apt install python3.9-venv" in message


def test_without_python_3_9_one_is_installed_or_requested(tmp_path: Path) -> None:
    machine = Machine(tmp_path, path=SYSTEM)
    result = machine.run("--version")
    if result.returncode == 0:
        assert result.stdout == VERSION
    else:
        assert (result.returncode, result.stdout) == (1, "")
        assert "Pants needs CPython 3.9" in result.stderr
        assert not list(machine.home.glob(".cache/spokeshave/uv.*"))


def test_a_path_that_pants_cannot_handle_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    message = failure_of(Machine(tmp_path, variables={"SPOKESHAVE_HOME": str(place)}))
    assert f"Pants cannot be installed in {place}" in message
    assert not place.exists()
