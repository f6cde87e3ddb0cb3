"""The command `spokeshave version`: compute a release's version from the packages' version files.

A version file has IREE's format: `{"package-version": "3.12.0.dev"}`. X and Y are common to the release. Z may differ
per package, and the common version is the PEP 440 maximum.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from spokeshave.errors import ExitCode, InvalidVersionError
from spokeshave.report import write_text
from spokeshave.requirement_text import parse_version
from spokeshave_core.channel import AT_COMMIT, CUSTOM, DATED, Channel, VersionFormat
from spokeshave_core.json_values import InvalidJsonError, parse_any
from spokeshave_core.problems import Problems
from spokeshave_core.release.version_text import VERSION_KEY
from spokeshave_core.reports.version import VersionReport

EXAMPLE = f'{{"{VERSION_KEY}": "3.12.0.dev"}}'
COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")


@dataclass(frozen=True)
class VersionFile:
    """A package's version file. `version` is its content."""

    path: Path
    version: Version

    @property
    def base(self) -> str:
        """Return the version without its pre-release and development parts, as for stable releases."""
        post = "" if self.version.post is None else f".post{self.version.post}"
        return f"{self.version.base_version}{post}"


@dataclass(frozen=True)
class VersionRequest:
    """What a version is computed for.

    Attributes:
        channel: None for a version that the suffix alone decides.
        date: YYYYMMDD in UTC.
        post: The number of a further release of one day, from 1.
    """

    channel: Channel | None
    commit: str | None = None
    date: str | None = None
    suffix: str | None = None
    post: int | None = None
    dirty: bool = False

    @property
    def channel_name(self) -> str:
        """The channel as reports and messages call it."""
        return self.channel.value if self.channel else CUSTOM


@dataclass(frozen=True)
class ReleaseVersion:
    """The common version of a release, and each package's own by the path of its version file."""

    common: str
    packages: tuple[tuple[Path, str], ...]
    request: VersionRequest


def compute_version(paths: Sequence[Path], request: VersionRequest) -> ReleaseVersion:
    """Return the version of a release.

    Raises:
        InvalidVersionError: For all problems.
    """
    problems = Problems()
    files = [file for file in (read_version_file(path, problems) for path in paths) if file]
    check_series(files, problems)
    check_request(request, problems)
    ending = "" if problems else render_ending(request)
    for file in files if not problems else ():
        check_ending(file, ending, request, problems)
    problems.raise_if_any(InvalidVersionError)
    packages = tuple((file.path, str(parse_version(file.base + ending))) for file in files)
    common = max((version for _, version in packages), key=Version)
    return ReleaseVersion(common, packages, request)


def read_version_file(path: Path, problems: Problems) -> VersionFile | None:
    """Return a version file, or None after adding its problems."""
    remedy = f"Write {EXAMPLE} into it."
    try:
        document: object = parse_any(path.read_bytes())
    except OSError as err:
        own = (
            " If the project has a version of its own, keep that: by `version` in pyproject.toml, or for a "
            '`python_backend_wheel` by version="own".'
        )
        problems.add(str(path), f"cannot be read ({err.strerror})", remedy + own)
        return None
    except InvalidJsonError as err:
        problems.add(str(path), str(err).removeprefix("it "), remedy)
        return None
    text = document.get(VERSION_KEY) if isinstance(document, dict) else None
    if not isinstance(text, str):
        problems.add(str(path), f"has no string under the key {VERSION_KEY}", remedy)
        return None
    return parse_package_version(path, text, problems)


def parse_package_version(path: Path, text: str, problems: Problems) -> VersionFile | None:
    """Return a version file's version, or None after adding its problem."""
    try:
        version = parse_version(text)
    except InvalidVersion:
        problems.add(str(path), f"{text!r} is not a PEP 440 version", f"Write a version as in {EXAMPLE}.")
        return None
    if version.local:
        problems.add(
            str(path), f"{text!r} has a local part", f"Remove +{version.local}; the channel adds the local part."
        )
        return None
    return VersionFile(path, version)


def check_series(files: Sequence[VersionFile], problems: Problems) -> None:
    """Add problems for files whose X.Y differs from the release's."""
    series = {file.path: (file.version.epoch, *(*file.version.release, 0)[:2]) for file in files}
    if len(set(series.values())) > 1:
        places = ", ".join(str(path) for path in series)
        stated = ", ".join(str(file.version) for file in files)
        problems.add(places, f"have different X.Y: {stated}", "Give all packages of a release the same X.Y.")


def check_request(request: VersionRequest, problems: Problems) -> None:
    """Add problems for arguments that are missing, malformed or contradict the channel."""
    channel = request.channel_name
    if request.channel in AT_COMMIT and not request.commit:
        problems.add("--commit", f"is missing, but channel {channel} needs it", "Give the commit's SHA.")
    if request.commit is not None and not COMMIT.fullmatch(request.commit):
        problems.add("--commit", f"{request.commit!r} is not a commit's SHA", "Give 7 to 64 hexadecimal digits.")
    if request.date is not None and not is_date(request.date):
        problems.add("--date", f"{request.date!r} is not a date", "Write it as YYYYMMDD, for example 20260821.")
    if request.date is not None and request.channel not in DATED:
        problems.add("--date", f"is not used on channel {channel}", "Omit it, or use channel rc or nightly.")
    if request.suffix is not None and request.channel not in (*DATED, None):
        problems.add("--suffix", f"is not used on channel {channel}", "Omit it, or use channel rc or nightly.")
    if request.suffix == "":
        problems.add("--suffix", "is empty", "Give one such as rc1, or omit it.")
    if request.post is not None and request.channel not in DATED:
        problems.add("--post", f"is not used on channel {channel}", "Omit it, or use channel rc or nightly.")
    elif request.post is not None and request.post < 1:
        problems.add("--post", f"{request.post} is not a number from 1", "Give 1 for the second release of a day.")
    if request.suffix is not None and request.date is not None:
        problems.add("--suffix", "is given together with --date", "Give one of them.")
    if request.dirty and request.channel is not Channel.LOCAL:
        remedy = "Commit the changes, or use channel local."
        problems.add("--dirty", f"cannot be released on channel {channel}: the tree has changes", remedy)


def is_date(text: str) -> bool:
    """Return whether a text is a date in the form YYYYMMDD."""
    try:
        return text.isascii() and len(text) == 8 and bool(datetime.datetime.strptime(text, "%Y%m%d"))
    except ValueError:
        return False


def render_ending(request: VersionRequest) -> str:
    """Return the part after the base version."""
    if request.channel is Channel.STABLE:
        return ""
    if request.channel in AT_COMMIT and request.commit:
        return f".dev0+{commit_label(request.commit)}{'.dirty' if request.dirty else ''}"
    post = "" if request.post is None else f".post{request.post}"
    if request.suffix is not None:
        return (f"rc{request.suffix}" if request.suffix.isdigit() else request.suffix) + post
    return f"rc{request.date or today()}{post}"


def commit_label(commit: str) -> str:
    """Return a commit as a local version. One of digits only gets git's "g", because PEP 440 drops leading zeros."""
    label = commit.lower()
    return f"g{label}" if label.isdigit() else label


def today() -> str:
    """Return today's date in UTC, in the form YYYYMMDD."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")


def check_ending(file: VersionFile, ending: str, request: VersionRequest, problems: Problems) -> None:
    """Add a problem for a package whose version cannot have the ending."""
    text = file.base + ending
    try:
        good = parse_version(text).release == file.version.release and parse_version(text).epoch == file.version.epoch
    except InvalidVersion:
        good = False
    if good:
        return
    if request.suffix is None:
        remedy = "Remove .post from it, or use channel stable or dev."
        problems.add(str(file.path), f"{text!r} is not a PEP 440 version", remedy)
    else:
        message = f"{request.suffix!r} does not make a PEP 440 version of {file.base} ({file.path})"
        problems.add("--suffix", message, "Give one such as rc1, a2, .dev3 or +mine.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--file", type=Path, nargs="+", action="extend", required=True, help="the version.json files of the release"
    )
    parser.add_argument(
        "--channel",
        choices=[channel.value for channel in Channel],
        help="the release channel (default: dev, or none if a suffix is given)",
    )
    parser.add_argument("--commit", help="the commit in dev and local versions")
    parser.add_argument("--date", help="the UTC date in rc and nightly versions, as YYYYMMDD (default: today)")
    parser.add_argument("--suffix", help="the suffix to append instead of a date, such as rc1")
    parser.add_argument(
        "--post",
        type=int,
        metavar="N",
        help="the number of a further rc or nightly of one day: 1 for the second, which is 3.12.0rc20260821.post1",
    )
    parser.add_argument("--dirty", action="store_true", help="the working tree has uncommitted changes")
    parser.add_argument(
        "--format",
        choices=[each.value for each in VersionFormat],
        default="text",
        help="the output format (default: text)",
    )
    parser.add_argument("--report", type=Path, help="a file to write the JSON output to as well")


def run(args: argparse.Namespace) -> int:
    """Print the version of a release."""
    default = Channel.DEV if args.suffix is None else None
    channel = Channel(args.channel) if args.channel else default
    request = VersionRequest(
        channel=channel, commit=args.commit, date=args.date, suffix=args.suffix, post=args.post, dirty=args.dirty
    )
    version = compute_version(list(dict.fromkeys(args.file)), request)
    report = version_report(version)
    if args.report:
        write_text(args.report, report.to_json())
    sys.stdout.write(report.to_json() if args.format == VersionFormat.JSON.value else f"{version.common}\n")
    return ExitCode.OK


def version_report(version: ReleaseVersion) -> VersionReport:
    """Return the version as JSON."""
    return VersionReport(
        version=version.common,
        packages={str(path): own for path, own in version.packages},
        channel=version.request.channel_name,
        commit=version.request.commit,
        dirty=version.request.dirty,
    )
