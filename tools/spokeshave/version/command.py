"""``spokeshave version``: a release's version, computed from the packages' version files.

A version file is IREE's: ``{"package-version": "3.12.0.dev"}``. X and Y are common to the release, Z may
differ per package; the common version is the PEP 440 maximum.
"""

from __future__ import annotations

import argparse
import datetime
import enum
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from spokeshave.errors import ExitCode, InvalidVersionError, Problems
from spokeshave.report import Json, to_json, write_report

KEY = "package-version"
EXAMPLE = f'{{"{KEY}": "3.12.0.dev"}}'
COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")


class Channel(str, enum.Enum):
    """Where a release goes; CUSTOM is a version with a suffix given by the user."""

    DEV = "dev"
    LOCAL = "local"
    NIGHTLY = "nightly"
    RC = "rc"
    STABLE = "stable"
    CUSTOM = "custom"


CHOICES = [channel.value for channel in Channel if channel is not Channel.CUSTOM]
DATED = (Channel.NIGHTLY, Channel.RC)
AT_COMMIT = (Channel.DEV, Channel.LOCAL)


@dataclass(frozen=True)
class VersionFile:
    """A package's version file; ``version`` is what it states."""

    path: Path
    version: Version

    @property
    def base(self) -> str:
        """The stated version without its pre-release and development parts, as stable releases have it."""
        post = "" if self.version.post is None else f".post{self.version.post}"
        return f"{self.version.base_version}{post}"


@dataclass(frozen=True)
class VersionRequest:
    """What a version is computed for. ``date`` is YYYYMMDD in UTC."""

    channel: Channel
    commit: str | None = None
    date: str | None = None
    suffix: str | None = None
    dirty: bool = False


@dataclass(frozen=True)
class ReleaseVersion:
    """The common version of a release, and each package's own by the path of its version file."""

    common: str
    packages: tuple[tuple[Path, str], ...]
    request: VersionRequest


def compute_version(paths: Sequence[Path], request: VersionRequest) -> ReleaseVersion:
    """The version of a release; raises InvalidVersionError with everything that is wrong."""
    problems = Problems()
    files = [file for file in (read_version_file(path, problems) for path in paths) if file]
    check_series(files, problems)
    check_request(request, problems)
    ending = "" if problems else render_ending(request)
    for file in files if not problems else ():
        check_ending(file, ending, request, problems)
    problems.raise_if_any(InvalidVersionError)
    packages = tuple((file.path, str(Version(file.base + ending))) for file in files)
    common = max((version for _, version in packages), key=Version)
    return ReleaseVersion(common, packages, request)


def read_version_file(path: Path, problems: Problems) -> VersionFile | None:
    """A version file; None after noting what is wrong with it."""
    remedy = f"Write {EXAMPLE} into it."
    try:
        document: object = json.loads(path.read_bytes())
    except OSError as err:
        problems.add(str(path), f"cannot be read ({err.strerror})", remedy)
        return None
    except (ValueError, RecursionError) as err:
        problems.add(str(path), f"is not JSON ({err})", remedy)
        return None
    text = document.get(KEY) if isinstance(document, dict) else None
    if not isinstance(text, str):
        problems.add(str(path), f"has no text under the key {KEY}", remedy)
        return None
    return parse_package_version(path, text, problems)


def parse_package_version(path: Path, text: str, problems: Problems) -> VersionFile | None:
    """A version file's version; None after noting why it cannot be one."""
    try:
        version = Version(text)
    except InvalidVersion:
        problems.add(str(path), f"{text!r} is not a PEP 440 version", f"Write one such as in {EXAMPLE}.")
        return None
    if version.local:
        problems.add(
            str(path), f"{text!r} has a local part", f"Leave out +{version.local}; the channel adds what is needed."
        )
        return None
    return VersionFile(path, version)


def check_series(files: Sequence[VersionFile], problems: Problems) -> None:
    """Note files whose X.Y is not that of the release."""
    series = {file.path: (file.version.epoch, *(*file.version.release, 0)[:2]) for file in files}
    if len(set(series.values())) > 1:
        places = ", ".join(str(path) for path in series)
        stated = ", ".join(str(file.version) for file in files)
        problems.add(places, f"state {stated}, of different X.Y", "Give all packages of a release the same X.Y.")


def check_request(request: VersionRequest, problems: Problems) -> None:
    """Note arguments that are missing, malformed or contradict the channel."""
    channel = request.channel.value
    if request.channel in AT_COMMIT and not request.commit:
        problems.add("--commit", f"is missing, and channel {channel} names it", "Give the commit's SHA.")
    if request.commit is not None and not COMMIT.fullmatch(request.commit):
        problems.add("--commit", f"{request.commit!r} is not a commit's SHA", "Give 7 to 64 hexadecimal digits.")
    if request.date is not None and not is_date(request.date):
        problems.add("--date", f"{request.date!r} is not a date", "Write it as YYYYMMDD, for example 20260821.")
    if request.date is not None and request.channel not in DATED:
        problems.add("--date", f"has no meaning on channel {channel}", "Leave it out, or use channel rc or nightly.")
    if request.suffix is not None and request.channel not in (*DATED, Channel.CUSTOM):
        problems.add("--suffix", f"has no meaning on channel {channel}", "Leave it out, or use channel rc or nightly.")
    if request.suffix == "":
        problems.add("--suffix", "is empty", "Give one such as rc1, or leave it out.")
    if request.suffix is not None and request.date is not None:
        problems.add("--suffix", "is given together with --date", "Give one of them.")
    if request.dirty and request.channel is not Channel.LOCAL:
        remedy = "Commit the changes, or use channel local."
        problems.add("--dirty", f"cannot be released on channel {channel}: the tree has changes", remedy)


def is_date(text: str) -> bool:
    """Whether a text is a date as YYYYMMDD."""
    try:
        return text.isascii() and len(text) == 8 and bool(datetime.datetime.strptime(text, "%Y%m%d"))
    except ValueError:
        return False


def render_ending(request: VersionRequest) -> str:
    """What follows the base version."""
    if request.channel is Channel.STABLE:
        return ""
    if request.channel in AT_COMMIT and request.commit:
        return f".dev0+{commit_label(request.commit)}{'.dirty' if request.dirty else ''}"
    if request.suffix is not None:
        return f"rc{request.suffix}" if request.suffix.isdigit() else request.suffix
    return f"rc{request.date or today()}"


def commit_label(commit: str) -> str:
    """A commit as a local version; one of digits only gets git's "g", since PEP 440 drops a number's leading zeros."""
    label = commit.lower()
    return f"g{label}" if label.isdigit() else label


def today() -> str:
    """Today's date in UTC, as YYYYMMDD."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")


def check_ending(file: VersionFile, ending: str, request: VersionRequest, problems: Problems) -> None:
    """Note a package whose version cannot take the ending."""
    text = file.base + ending
    try:
        good = Version(text).release == file.version.release and Version(text).epoch == file.version.epoch
    except InvalidVersion:
        good = False
    if good:
        return
    if request.suffix is None:
        remedy = "Take .post out of it, or use channel stable or dev."
        problems.add(str(file.path), f"{text!r} is not a PEP 440 version", remedy)
    else:
        message = f"{request.suffix!r} does not make a PEP 440 version of {file.base} ({file.path})"
        problems.add("--suffix", message, "Give one such as rc1, a2, .dev3 or +mine.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--file", type=Path, nargs="+", action="extend", required=True, help="the version files")
    parser.add_argument("--channel", choices=CHOICES, help="default: dev, or none when a suffix is given")
    parser.add_argument("--commit", help="the commit that dev and local versions name")
    parser.add_argument("--date", help="the UTC date of an rc or nightly, YYYYMMDD; default: today's")
    parser.add_argument("--suffix", help="what to append in place of a date, such as rc1")
    parser.add_argument("--dirty", action="store_true", help="the tree has changes")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what to print")
    parser.add_argument("--report", type=Path, help="also write the JSON to this file")


def run(args: argparse.Namespace) -> int:
    """Print the version of a release."""
    default = Channel.DEV if args.suffix is None else Channel.CUSTOM
    channel = Channel(args.channel) if args.channel else default
    request = VersionRequest(channel=channel, commit=args.commit, date=args.date, suffix=args.suffix, dirty=args.dirty)
    version = compute_version(list(dict.fromkeys(args.file)), request)
    report = version_report(version)
    if args.report:
        write_report(args.report, report)
    sys.stdout.write(to_json(report) if args.format == "json" else f"{version.common}\n")
    return ExitCode.OK


def version_report(version: ReleaseVersion) -> dict[str, Json]:
    """The version as JSON has it."""
    return {
        "version": version.common,
        "packages": {str(path): own for path, own in version.packages},
        "channel": version.request.channel.value,
        "commit": version.request.commit,
        "dirty": version.request.dirty,
    }
