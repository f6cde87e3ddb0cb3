"""The rules that only PyPI has: names and platforms, public versions, classifiers, URLs, descriptions that it can show.

They are those of Warehouse's `forklift/metadata.py`, with the libraries that Warehouse uses where they run on CPython
3.9. An index of one's own accepts more.
"""

from __future__ import annotations

import email.utils
import functools
import io
from collections.abc import Iterator, Sequence

from email_validator import EmailNotValidError, validate_email
from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement
from readme_renderer import rst
from rfc3986 import exceptions, uri_reference, validators
from trove_classifiers import all_classifiers, deprecated_classifiers

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.names import check_sdist_for_pypi, check_wheel_for_pypi
from spokeshave.requirement_text import parse_requirement
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import WheelName

_LONGEST_SUMMARY = 512
_LONGEST_LABEL = 32
_DEFAULT_TYPE = "text/x-rst"
_CORRECT = "Correct it in pyproject.toml."


def check_fields(files: Sequence[CheckedFile]) -> tuple[Problem, ...]:
    """Return what PyPI refuses in the metadata of wheels and sdists that are valid by the specifications."""
    return tuple(problem for file in files for problem in _check(file))


def check_names(files: Sequence[CheckedFile]) -> tuple[Problem, ...]:
    """Return what PyPI refuses in the names of files that installers accept."""
    return tuple(problem for file in files if file.project is not None for problem in _check_name(file))


def check_local_versions(files: Sequence[CheckedFile]) -> tuple[Problem, ...]:
    """Return the problems of versions with a local part, such as `1.0+cu118`."""
    remedy = "Stamp it with a public version, or publish it to an index of your own."
    return tuple(
        Problem(file.name, f"has the local version {file.version}, which PyPI does not accept", remedy)
        for file in files
        if file.version is not None and file.version.local
    )


def _check_name(file: CheckedFile) -> Iterator[Problem]:
    if file.tag is None:
        return check_sdist_for_pypi(file.name)
    return check_wheel_for_pypi(WheelName.parse(file.name))


def _check(file: CheckedFile) -> Iterator[Problem]:
    if file.core is None:
        return
    raw = file.core.raw
    place = f"{file.name}: METADATA"
    faults = [*_classifiers(raw), *_urls(raw), *_people(raw), *_requirements(raw)]
    if len(raw.get("summary", "")) > _LONGEST_SUMMARY:
        faults.append(f"has a Summary of more than {_LONGEST_SUMMARY} characters")
    if raw.get("license") and raw.get("license_expression"):
        faults.append("has both License and License-Expression")
    for fault in faults:
        yield Problem(place, fault, _CORRECT)
    kind = raw.get("description_content_type", _DEFAULT_TYPE).partition(";")[0].strip().lower()
    reason = _rendering_fault(raw.get("description", ""), kind)
    if reason:
        remedy = "Correct it, or set its content type with `readme` in pyproject.toml. `twine check` shows more."
        yield Problem(place, f"has a description that PyPI cannot show as {kind} ({reason})", remedy)


def _classifiers(raw: RawMetadata) -> Iterator[str]:
    for classifier in raw.get("classifiers", []):
        if classifier in deprecated_classifiers:
            instead = ", ".join(deprecated_classifiers[classifier])
            yield f"has the deprecated classifier {classifier!r}" + (f"; use {instead}" if instead else "")
        elif classifier not in all_classifiers:
            yield f"has the classifier {classifier!r}, which PyPI does not know"


def _urls(raw: RawMetadata) -> Iterator[str]:
    for field, url in (("Home-page", raw.get("home_page")), ("Download-URL", raw.get("download_url"))):
        if url and not _is_url(url):
            yield f"has {url!r} as {field}, which is not a URL of http or https"
    for label, url in raw.get("project_urls", {}).items():
        if not label or len(label) > _LONGEST_LABEL:
            yield f"has a Project-URL with the label {label!r}, which has none or more than {_LONGEST_LABEL} characters"
        elif not url or not _is_url(url):
            yield f"has {url!r} as Project-URL {label}, which is not a URL of http or https"


def _is_url(text: str) -> bool:
    validator = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(text).normalize())
    except (exceptions.RFC3986Exception, ValueError):
        return False
    return True


def _people(raw: RawMetadata) -> Iterator[str]:
    for field, value in (("Author-email", raw.get("author_email")), ("Maintainer-email", raw.get("maintainer_email"))):
        # Like PyPI, the first address only.
        address = email.utils.parseaddr(value or "")[1]
        if address and not _is_address(address):
            yield f"has {address!r} as {field}, which is not an e-mail address that PyPI accepts"


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _requirements(raw: RawMetadata) -> Iterator[str]:
    texts = [*raw.get("requires_dist", []), *raw.get("provides_dist", []), *raw.get("obsoletes_dist", [])]
    for text in texts:
        try:
            if parse_requirement(text).url is not None:
                yield f"requires {text!r} by its URL"
        except InvalidRequirement:
            if text not in raw.get("requires_dist", []):
                yield f"has {text!r}, which is not a requirement"


@functools.lru_cache(maxsize=256)
def _rendering_fault(description: str, kind: str) -> str | None:
    """Return why a description cannot be rendered. Markdown and plain text always can; a set has few descriptions."""
    if kind != _DEFAULT_TYPE or not description.strip():
        return None
    warnings = io.StringIO()
    if rst.render(description, stream=warnings) is not None:
        return None
    return " ".join(warnings.getvalue().split())[:200]
