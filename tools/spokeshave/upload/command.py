"""The command `spokeshave upload`: upload wheels to an index with twine.

A file that the index already has with the same bytes counts as done, so that a killed upload is resumed by running it
again. A file of the same name with other bytes is an error before anything is uploaded. Credentials come from
TWINE_USERNAME and TWINE_PASSWORD or from ~/.pypirc. No message and no report contains them.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import lzma
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin

import requests
from packaging.metadata import RawMetadata
from packaging.version import Version
from requests.adapters import HTTPAdapter
from twine.exceptions import InvalidDistribution, TwineException
from twine.package import PackageFile, PackageMetadata
from twine.repository import Repository
from twine.wheel import Wheel
from urllib3 import Retry

from spokeshave.errors import ExitCode, InvalidWheelError
from spokeshave.report import write_text
from spokeshave.upload.endpoint import (
    Endpoint,
    OriginAuth,
    Scrubber,
    check_url,
    find_endpoint,
    origin,
    without_userinfo,
)
from spokeshave.upload.refusal import AGAIN, KEEPS_FIRST, is_accepted, refusal, unreachable
from spokeshave.upload.simple_index import (
    IndexedFile,
    UnreadableIndexError,
    has_same_bytes,
    list_files,
    simple_index_of,
    simple_index_of_devpi,
)
from spokeshave.wheel.metadata_reader import CoreMetadata, is_early_license_file, read_core_metadata
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.outcomes import UploadOutcome
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.reports.upload import UploadedFile, UploadReport
from spokeshave_core.wheel_name import UNSTAMPED

# zipfile's errors for damaged files: RuntimeError for encryption, NotImplementedError (a subclass) for unknown
# compression, and OSError without a number for bzip2.
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError, ValueError)


class UploadError(SpokeshaveError):
    """An index that refuses the wheels, or has other files with their names."""


class PatientAdapter(HTTPAdapter):
    """An HTTP adapter with a time limit for each wait, in seconds. Neither twine nor requests has one."""

    def __init__(self, timeout: float, ca_bundle: str | None) -> None:
        self._timeout = timeout
        self._ca_bundle = ca_bundle
        retries = Retry(3, read=False, allowed_methods=["GET"], status_forcelist=[502, 503], raise_on_status=False)
        super().__init__(max_retries=retries)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request. The authorities given for this index take precedence over REQUESTS_CA_BUNDLE."""
        verify = self._ca_bundle or verify
        return without_invalid_redirect(super().send(request, stream, timeout or self._timeout, verify, cert, proxies))


def without_invalid_redirect(response: requests.Response) -> requests.Response:
    """Return the answer, with an invalid redirect target moved to its reason, because requests raises on it."""
    target = response.headers.get("location")
    if target is not None:
        try:
            origin(urljoin(response.url, target.encode("latin-1").decode("utf-8")))
        except ValueError:
            del response.headers["location"]
            where = f"{without_userinfo(target)!r}, which is not a URL"
            response.reason = f"{response.reason or ''}: it redirects to {where}".lstrip(": ")
    return response


class WheelPackage(PackageFile):
    """A wheel for twine, with metadata from our own reader, because the pinned twine supports them up to 2.4 only."""

    def __init__(self, path: Path, core: CoreMetadata, python: str) -> None:
        super().__init__(str(path), None, _without_early_license_files(core.raw), python, "bdist_wheel")
        self._core = core

    @classmethod
    def read(cls, path: Path) -> WheelPackage:
        """Read a wheel.

        Raises:
            InvalidDistribution: For all problems of its metadata.
        """
        wheel = Wheel(str(path))
        core = read_core_metadata(wheel.read())
        package = cls(path, core, wheel.py_version) if {"name", "version"} <= set(core.raw) else None
        faults = [fault for fault in core.faults if not is_early_license_file(fault)]
        if faults or package is None:
            messages = "; ".join(sorted(map(str, faults)))
            raise InvalidDistribution(f"Invalid distribution metadata: {messages}")
        return package

    def metadata_dictionary(self) -> PackageMetadata:
        """Return the fields of the upload's form. The names for PEP 794 are those that Warehouse reads."""
        fields = {"import_name": self._core.import_names, "import_namespace": self._core.import_namespaces}
        form: dict[str, Any] = {**super().metadata_dictionary(), **{k: list(v) for k, v in fields.items() if v}}
        return cast("PackageMetadata", form)


def _without_early_license_files(raw: RawMetadata) -> RawMetadata:
    """Return the metadata without early license fields of setuptools, which indexes ignore or refuse."""
    if Version(raw.get("metadata_version", "0")) >= Version("2.4"):
        return raw
    return cast("RawMetadata", {key: value for key, value in raw.items() if key != "license_files"})


class _ScrubbedLog(logging.Formatter):
    """A log of twine's own warnings, without credentials."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


@dataclass(frozen=True)
class Index:
    """An index: its upload endpoint and its simple index."""

    endpoint: Endpoint
    repository: Repository
    simple: str
    simple_is_given: bool

    @property
    def session(self) -> requests.Session:
        """Return the HTTP session, which authenticates only requests to the endpoint's origin."""
        session: requests.Session = self.repository.session
        return session

    def place(self) -> str:
        """Return the endpoint for messages."""
        return without_userinfo(self.endpoint.url)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave upload`."""
    parser.add_argument("wheels", type=Path, nargs="+", metavar="WHEEL", help="a wheel to upload")
    parser.add_argument(
        "--repository",
        metavar="NAME",
        help="pypi, testpypi, or a repository of ~/.pypirc; with --repository-url, the section of its credentials",
    )
    parser.add_argument("--repository-url", metavar="URL", help="the URL of the upload endpoint, without credentials")
    parser.add_argument(
        "--check-url",
        metavar="URL",
        help="the simple index that lists the files of the repository; default: derived from the upload URL",
    )
    parser.add_argument(
        "--timeout", type=float, default=120, metavar="SECONDS", help="the timeout for each answer (default: 120)"
    )
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Upload the wheels. The report has the result of each."""
    endpoint = _endpoint(args)
    scrub = Scrubber(endpoint.credentials, os.environ)
    with _errors_without(scrub), _open_index(endpoint, args.check_url, args.timeout, scrub) as index:
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


@contextlib.contextmanager
def _open_index(endpoint: Endpoint, simple: str | None, timeout: float, scrub: Scrubber) -> Iterator[Index]:
    repository = Repository(endpoint.url, None, None)
    repository.session.auth = OriginAuth(endpoint.url, endpoint.credentials)
    repository.set_client_certificate(endpoint.client_cert)
    for scheme in ("http://", "https://"):
        repository.session.mount(scheme, PatientAdapter(timeout, endpoint.ca_bundle))
    handler = logging.StreamHandler()
    handler.setFormatter(_ScrubbedLog(scrub))
    logger = logging.getLogger("twine")
    logger.addHandler(handler)
    try:
        yield Index(
            endpoint=endpoint,
            repository=repository,
            simple=simple or simple_index_of(endpoint.url),
            simple_is_given=simple is not None,
        )
    finally:
        logger.removeHandler(handler)
        repository.close()


def read_wheels(paths: Sequence[Path]) -> list[PackageFile]:
    """Return the wheels with their metadata and hashes.

    Raises:
        InvalidWheelError: For all problems of the wheels.
    """
    problems = Problems()
    packages = []
    for path in paths:
        with problems.collecting():
            packages.append(_read_wheel(path))
    names = [package.basefilename for package in packages]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(name, "is given more than once", "Give each wheel once.")
    problems.raise_if_any(InvalidWheelError)
    return packages


def _read_wheel(path: Path) -> PackageFile:
    remedy = "Package it again."
    if not path.is_file():
        raise InvalidWheelError(Problem(str(path), "does not exist", "Check the path."))
    try:
        name = parse_wheel_name(path.name)
        package = WheelPackage.read(path)
    except (TwineException, *_DAMAGES) as err:
        if isinstance(err, OSError) and err.errno:
            raise
        message = f"is not a valid wheel ({str(err) or type(err).__name__})"
        raise InvalidWheelError(Problem(path.name, message, remedy)) from err
    if name.version == UNSTAMPED:
        raise InvalidWheelError(Problem(path.name, "has no version yet", "Stamp it first, with `spokeshave stamp`."))
    return package


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
        problem = _upload_one(index, package)
        same = _has_same_file(index, package) if problem else None
        if problem and not same:
            outcomes[name] = UploadOutcome.REFUSED
            return outcomes, problem if same is None else _other_bytes(index, name)
        outcomes[name] = UploadOutcome.ALREADY_THERE if problem else UploadOutcome.UPLOADED
    return outcomes, None


def _upload_one(index: Index, package: PackageFile) -> Problem | None:
    name = package.basefilename
    try:
        response = index.repository.upload(package)
    except requests.RequestException as err:
        return unreachable(name, index.endpoint.url, err)
    except OSError as err:
        return Problem(name, f"cannot be uploaded: {err}", f"Check the file and the certificates. {AGAIN}")
    if is_accepted(response):
        return None
    return refusal(name, index.endpoint.url, response, anonymous=index.endpoint.credentials is None)


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
