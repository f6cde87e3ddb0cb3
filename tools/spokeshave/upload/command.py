"""The command `spokeshave upload`: upload wheels to an index with twine.

A file that the index already has with the same bytes counts as done, so that a killed upload is resumed by running it
again. A file of the same name with other bytes is an error before anything is uploaded. Credentials come from
TWINE_USERNAME and TWINE_PASSWORD or from ~/.pypirc. No message and no report contains them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import requests
from twine.package import PackageFile

from spokeshave.errors import ExitCode
from spokeshave.report import write_text
from spokeshave.upload.attempt import AttemptStatus
from spokeshave.upload.endpoint import Endpoint, Scrubber, check_url, find_endpoint, without_userinfo
from spokeshave.upload.options import add_index_arguments
from spokeshave.upload.package import read_wheels
from spokeshave.upload.refusal import KEEPS_FIRST, unreachable
from spokeshave.upload.simple_index import (
    IndexedFile,
    UnreadableIndexError,
    has_same_bytes,
    list_files,
    simple_index_of_devpi,
)
from spokeshave.upload.transport import Index, environment_scrubber, open_index
from spokeshave_core.outcomes import UploadOutcome
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.reports.upload import UploadedFile, UploadReport

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE = 60.0


class UploadError(SpokeshaveError):
    """An index that refuses the wheels, or has other files with their names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave upload`."""
    parser.add_argument("wheels", type=Path, nargs="+", metavar="WHEEL", help="a wheel to upload")
    parser.add_argument(
        "--repository",
        metavar="NAME",
        help="pypi, testpypi, or a repository of ~/.pypirc; with --repository-url, the section of its credentials",
    )
    parser.add_argument("--repository-url", metavar="URL", help="the URL of the upload endpoint, without credentials")
    add_index_arguments(parser)
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Upload the wheels. The report has the result of each."""
    endpoint = _endpoint(args)
    scrub = environment_scrubber(endpoint)
    with _errors_without(scrub), open_index(endpoint, args.check_url, args.timeout, scrub) as index:
        index.authenticate()
        packages = read_wheels(args.wheels)
        uploaded = find_uploaded(index, packages)
        outcomes, problem = upload(index, packages, uploaded)
    problems = scrub.problems([problem] if problem else [])
    write_text(args.report, _report(index, packages, outcomes, problems).to_json())
    if not problems:
        print(f"{_summary(outcomes)}: {index.place()}", flush=True)
        return ExitCode.OK
    sys.stderr.write(f"spokeshave upload: error\n{UploadError(*problems)}\n")
    return ExitCode.USER_ERROR


def _endpoint(args: argparse.Namespace) -> Endpoint:
    if not args.repository and not args.repository_url:
        remedy = "Give --repository NAME or --repository-url URL."
        raise UploadError(Problem("upload", "no repository was given", remedy))
    if args.check_url:
        check_url(args.check_url, "--check-url")
    return find_endpoint(args.repository, args.repository_url, os.environ)


@contextlib.contextmanager
def _errors_without(scrub: Scrubber) -> Iterator[None]:
    try:
        yield
    except SpokeshaveError as err:
        raise scrub.error(err) from None


def find_uploaded(index: Index, packages: Sequence[PackageFile]) -> frozenset[str]:
    """Return the names of the wheels that the index already has.

    Raises:
        UploadError: If it has one with other bytes.
    """
    problems = Problems()
    uploaded = set()
    listed = _list_projects(index, packages, problems)
    for package in packages:
        name = package.basefilename
        found = listed.get(package.safe_name, {}).get(name)
        try:
            if found and has_same_bytes(index.session, found, Path(package.filename)):
                uploaded.add(name)
            elif found:
                problems.extend(UploadError(_other_bytes(index, name)))
        except UnreadableIndexError as err:
            message = f"{without_userinfo(found.url)} cannot be compared: {err}" if found else str(err)
            remedy = "Check that the file can be downloaded from the index, or omit --check-url."
            _note_unknown(index, Problem(name, message, remedy), [name], problems)
        except requests.RequestException as err:
            raise UploadError(unreachable(name, index.simple, err)) from err
    problems.raise_if_any(UploadError)
    return frozenset(uploaded)


def _list_projects(
    index: Index, packages: Sequence[PackageFile], problems: Problems
) -> dict[str, Mapping[str, IndexedFile]]:
    """Return the files of each project. The first listing that cannot be read ends it, as the others would fail too."""
    listed: dict[str, Mapping[str, IndexedFile]] = {}
    for package in packages:
        if package.safe_name in listed:
            continue
        name = package.basefilename
        try:
            listed[package.safe_name] = list_files(index.session, index.simple, package.safe_name)
        except UnreadableIndexError as err:
            message = f"{without_userinfo(index.simple)} does not list its files: {err}"
            unknown = [each.basefilename for each in packages if each.safe_name not in listed]
            problem = Problem(name, message, "Correct --check-url, or omit it.")
            _note_unknown(index, problem, unknown, problems)
            break
        except requests.RequestException as err:
            raise UploadError(unreachable(name, index.simple, err)) from err
    return listed


def _note_unknown(index: Index, problem: Problem, unknown: Sequence[str], problems: Problems) -> None:
    """Add a problem if the user named the simple index. Otherwise print it: the endpoint refuses existing files."""
    if index.simple_is_given:
        problems.add(problem.place, problem.message, problem.remedy)
        return
    names = ", ".join(unknown)
    print(f"{problem.message}. Whether the index already has {names} is unknown.", file=sys.stderr, flush=True)


def upload(
    index: Index, packages: Sequence[PackageFile], uploaded: frozenset[str]
) -> tuple[dict[str, UploadOutcome], Problem | None]:
    """Upload the missing files one by one. The first problem ends it."""
    outcomes = {package.basefilename: UploadOutcome.NOT_TRIED for package in packages}
    for package in packages:
        name = package.basefilename
        if name in uploaded:
            print(f"{name} already exists, with the same bytes", flush=True)
            outcomes[name] = UploadOutcome.ALREADY_THERE
            continue
        problem, same = _upload_one(index, package)
        if problem and not same:
            outcomes[name] = UploadOutcome.REFUSED
            return outcomes, problem if same is None else _other_bytes(index, name)
        outcomes[name] = UploadOutcome.ALREADY_THERE if problem else UploadOutcome.UPLOADED
    return outcomes, None


def _upload_one(index: Index, package: PackageFile) -> tuple[Problem | None, bool | None]:
    """Upload a file, in more than one attempt if its problem may pass.

    Returns:
        The last problem, and whether the index has the file with the same bytes despite it (None: not known).
    """
    for number in range(1, _ATTEMPTS + 1):
        attempt = index.send(package)
        same = _has_same_file(index, package) if attempt.problem else None
        may_pass = attempt.status in (AttemptStatus.TEMPORARY, AttemptStatus.EXPIRED)
        if not may_pass or same is not None or number == _ATTEMPTS:
            break
        time.sleep(min(attempt.retry_after or _PAUSE_SECONDS, _LONGEST_PAUSE))
    return attempt.problem, same


def _has_same_file(index: Index, package: PackageFile) -> bool | None:
    """Return whether the index has the file with the same bytes despite a problem. None if it is not known.

    Another run may have uploaded it, the answer may be lost, or the index may not have listed it before.
    """
    guesses = () if index.simple_is_given else (simple_index_of_devpi(index.endpoint.url),)
    for simple in (index.simple, *guesses):
        with contextlib.suppress(requests.RequestException, UnreadableIndexError):
            found = list_files(index.session, simple, package.safe_name).get(package.basefilename)
            if found is not None:
                return has_same_bytes(index.session, found, Path(package.filename))
    return None


def _other_bytes(index: Index, name: str) -> Problem:
    return Problem(name, f"is already on {without_userinfo(index.simple)}, with other bytes", KEEPS_FIRST)


def _report(
    index: Index, packages: Sequence[PackageFile], outcomes: Mapping[str, UploadOutcome], problems: Sequence[Problem]
) -> UploadReport:
    files = (UploadedFile(each.basefilename, each.sha2_digest or "", outcomes[each.basefilename]) for each in packages)
    return UploadReport(index=index.place(), files=tuple(files), problems=tuple(problems))


def _summary(outcomes: Mapping[str, UploadOutcome]) -> str:
    found = list(outcomes.values())
    counts = {outcome: found.count(outcome) for outcome in (UploadOutcome.UPLOADED, UploadOutcome.ALREADY_THERE)}
    return ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
