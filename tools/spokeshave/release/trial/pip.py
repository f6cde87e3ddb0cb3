"""pip as users run it against one index: the release by `==` and by hash, without its own cache and configuration."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from spokeshave.processes import ProcessResult, run_process
from spokeshave.pythons.pip import pip_folder
from spokeshave.release.trial.source import Source
from spokeshave_core.json_values import parse_any
from spokeshave_core.release.record import ReleaseFile
from spokeshave_core.release.trial import InstalledFile
from spokeshave_core.wheel_name import WheelTag

# Set for this run alone, they would add indexes or change what pip accepts.
_SETTINGS = "PIP_"
_RETRY = re.compile(r"Retrying \(Retry\(total=(\d+).*?after connection broken by '(.*)': ")
_OBJECT = re.compile(r"<[^<>]*>(: )?")


def pinned(version: str, files: Iterable[ReleaseFile]) -> str:
    """Return the lines of a requirements file that permit exactly these files, by project."""
    hashes: dict[str, list[str]] = {}
    for file in files:
        hashes.setdefault(file.project, []).append(f"--hash=sha256:{file.sha256}")
    return "".join(f"{project}=={version} {' '.join(found)}\n" for project, found in sorted(hashes.items()))


def download(source: Source, requirements: Path, tag: WheelTag, destination: Path, timeout: float) -> ProcessResult:
    """Download what pip chooses for the platform and Python of a wheel.

    A tag has no patch release, and `py3` no minor one, so that Requires-Python cannot be compared with it.
    """
    python = tag.python.split(".")[0]
    version = f"{python[2]}.{python[3:]}" if len(python) > 3 else python[2:]
    options: tuple[str | Path, ...] = ("-r", requirements, "--dest", destination)
    return _run(
        [
            *("download", *_strict(source), "--python-version", version, "--implementation", python[:2]),
            "--ignore-requires-python",
            *options,
            *(option for abi in tag.abi.split(".") for option in ("--abi", abi)),
            *(option for platform in tag.platform.split(".") for option in ("--platform", platform)),
        ],
        destination.parent,
        timeout,
    )


def connection_fault(done: ProcessResult) -> str | None:
    """Return why pip gave up on a server that does not answer. None if it failed for another reason."""
    retries = _RETRY.findall(done.output)
    if done.ok or not retries:
        return None
    left, cause = retries[-1]
    return _OBJECT.sub("", cause) if done.timed_out or left == "0" else None


def install(source: Source, requirements: Path, python: Path, report: Path, timeout: float) -> ProcessResult:
    """Install the release into an environment, and nothing that it requires. pip's report goes to a file."""
    command: tuple[str | Path, ...] = (
        "install",
        *_strict(source),
        "-r",
        requirements,
        "--no-compile",
        "--report",
        report,
    )
    return _run(command, report.parent, timeout, python=python)


def install_others(requirements: Path, constraints: Path, python: Path, timeout: float) -> ProcessResult:
    """Install what the release requires of others, from where pip takes packages on this machine."""
    command: tuple[str | Path, ...] = ("install", "--quiet", "-r", requirements, "-c", constraints, "--no-compile")
    return _run(command, requirements.parent, timeout, python=python, with_settings=True)


def check(python: Path, folder: Path, timeout: float) -> ProcessResult:
    """Check that all requirements in an environment are met."""
    return _run(("check",), folder, timeout, python=python)


def installed_files(report: Path) -> list[InstalledFile]:
    """Return the files in the report of `install`."""
    items = parse_any(report.read_bytes())["install"]
    return sorted((_installed(item) for item in items), key=lambda file: file.project)


def _installed(item: Mapping[str, Mapping[str, object]]) -> InstalledFile:
    download_info = item["download_info"]
    archive: object = download_info["archive_info"]
    hashes = archive.get("hashes", {}) if isinstance(archive, dict) else {}
    return InstalledFile(
        project=str(item["metadata"]["name"]),
        version=str(item["metadata"]["version"]),
        # pip writes URLs with escapes, such as `%2B` before the local part of a version.
        name=unquote(urlsplit(str(download_info["url"])).path.rpartition("/")[2]),
        sha256=str(hashes.get("sha256", "")),
    )


def _strict(source: Source) -> tuple[str, ...]:
    general = ("--quiet", "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--require-hashes")
    return (*general, *source.pip_options)


def _run(
    arguments: Sequence[str | Path],
    folder: Path,
    timeout: float,
    *,
    python: Path | None = None,
    with_settings: bool = False,
) -> ProcessResult:
    general: list[str | Path] = ["--disable-pip-version-check", "--no-input"]
    if not with_settings:
        general.append("--isolated")
    target: list[str | Path] = ["--python", python] if python else []
    environment = dict(os.environ)
    if not with_settings:
        environment = {name: value for name, value in environment.items() if not name.upper().startswith(_SETTINGS)}
        # Even an isolated pip reads the files of the machine, such as /etc/pip.conf. This name stops it.
        environment["PIP_CONFIG_FILE"] = os.devnull
    return run_process(
        [sys.executable, "-I", pip_folder(), *target, *general, *arguments], environment, folder, timeout
    )
