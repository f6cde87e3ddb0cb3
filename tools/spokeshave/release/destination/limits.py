"""The limits of PyPI and TestPyPI, and those that a user gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from spokeshave.release.destination.destination import DestinationError, Limits
from spokeshave.sizes import parse_size
from spokeshave_core.problems import Problem, Problems

# Warehouse's constants.py and forklift/legacy.py, August 2026.
PYPI = Limits(file=100 << 20, project=10 << 30, local_versions=False, maximum_age=14)
_HOSTS = {urlsplit(url).hostname: PYPI for url in (DEFAULT_REPOSITORY, TEST_REPOSITORY)}


def known_limits(url: str) -> Limits:
    """Return what the index of an upload URL accepts, as far as it is known."""
    return _HOSTS.get(urlsplit(url).hostname, Limits())


def with_options(limits: Limits, file_limit: str | None, project_limits: Iterable[str]) -> Limits:
    """Return limits with those that a user gives.

    Args:
        file_limit: A size, such as `100M`.
        project_limits: Sizes for all projects, such as `10G`, or for one, such as `abacus-compiler=20G`.

    Raises:
        DestinationError: For all that are not valid.
    """
    problems = Problems()
    file = limits.file
    project = limits.project
    projects = dict(limits.projects)
    with problems.collecting():
        file = _limit(file_limit, "--file-limit") if file_limit else file
    for text in project_limits:
        name, _, size = text.rpartition("=")
        with problems.collecting():
            if name:
                projects[canonicalize_name(name)] = _limit(size, "--project-limit")
            else:
                project = _limit(size, "--project-limit")
    problems.raise_if_any(DestinationError)
    return replace(limits, file=file, project=project, projects=projects)


def _limit(text: str, option: str) -> int:
    """Return a size in bytes.

    Raises:
        DestinationError: If it is not one.
    """
    try:
        return parse_size(text)
    except ValueError as err:
        remedy = "Use a number of bytes, or one with a K, M, G or T suffix, such as 100M."
        raise DestinationError(Problem(option, f"{text!r} is not a valid size", remedy)) from err
