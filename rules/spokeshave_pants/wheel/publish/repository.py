"""What wheels and releases are published to, and the credentials for it, which only the upload receives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave_core.problems import Problems, bullet_list
from spokeshave_pants.errors import InvalidTargetError

_CREDENTIALS = ("TWINE_USERNAME", "TWINE_PASSWORD")
# A CI job proves its identity to the index with these variables: on GitHub, GitLab (one for each index) and Google by
# the library `id`, elsewhere by the programs `buildkite-agent` and `circleci`, which need PATH.
_PROGRAM_SYSTEMS = ("BUILDKITE", "CIRCLECI")
_IDENTITY = (
    *("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    *("GITLAB_CI", "PYPI_ID_TOKEN", "TESTPYPI_ID_TOKEN"),
    "GOOGLE_SERVICE_ACCOUNT_NAME",
    *_PROGRAM_SYSTEMS,
    *("BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_ENDPOINT", "BUILDKITE_JOB_ID"),
    *("CIRCLE_INTERNAL_CONFIG", "CIRCLE_INTERNAL_SCRATCH", "CIRCLE_INTERNAL_TASK_DATA"),
    "PATH",
)
_CERTIFICATES = ("TWINE_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_TERMINAL = ("TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
_NAME = re.compile(r"@[^\s/:@]+")
_HTTP_URL = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_FOLDER = re.compile(r"(folder|index):(.*)", re.DOTALL)


class SecretText(str):
    """A text that is hidden in the representation of objects that contain it.

    Pants logs the complete request of a process that it runs in the foreground, including the environment.
    """

    def __repr__(self) -> str:
        return "'********'"


@dataclass(frozen=True)
class Repository:
    """An entry of a `repositories` field: `@name`, whose URL may be only in ~/.pypirc, a URL, or a folder.

    Attributes:
        check_url: The simple index (PEP 503) that lists the existing files, if it cannot be derived from the URL.
        folder: The kind and the path of `folder:PATH` and `index:PATH`, which only a release has.
    """

    text: str
    url: str | None
    check_url: str | None = None
    folder: tuple[str, str] | None = None

    @property
    def name(self) -> str | None:
        """Return the name, without its `@`."""
        return self.text[1:] if self.text.startswith("@") else None

    @property
    def label(self) -> str:
        """Return the name for messages."""
        return f"{self.text} ({self.url})" if self.name and self.url else self.text

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the options of `spokeshave upload`. ~/.pypirc may have credentials even for a name with a URL."""
        return (
            *(("--repository", self.name) if self.name else ()),
            *(("--repository-url", self.url) if self.url else ()),
            *(("--check-url", self.check_url) if self.check_url else ()),
        )

    def destination_arguments(self, build_root: str) -> tuple[str, ...]:
        """Return the options of `spokeshave release publish` and `release check`. The path of a folder is absolute."""
        if self.folder:
            kind, path = self.folder
            return ("--to", f"{kind}:{Path(build_root, path)}")
        return (
            *("--to", self.text),
            *(("--repository-url", self.url) if self.name and self.url else ()),
            *(("--check-url", self.check_url) if self.check_url else ()),
        )

    def _variable(self, credential: str) -> str | None:
        """Return the variable of a credential for this repository only."""
        return f"{credential}_{re.sub(r'[^A-Z0-9]', '_', self.name.upper())}" if self.name else None

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the environment variables that an upload depends on. A folder needs no credentials."""
        if self.folder:
            return _TERMINAL
        own = tuple(filter(None, (self._variable(credential) for credential in _CREDENTIALS)))
        proxies = (*_PROXIES, *(name.lower() for name in _PROXIES))
        return ("HOME", *_CREDENTIALS, *own, *_IDENTITY, *_CERTIFICATES, *proxies, *_TERMINAL)

    def environment(self, variables: Mapping[str, str], build_root: str) -> dict[str, str]:
        """Return the environment of the upload, from the user's environment."""
        own = {credential: self._variable(credential) for credential in _CREDENTIALS}
        found = {name: variables[name] for name in self.variables if variables.get(name)}
        if not any(name in found for name in _PROGRAM_SYSTEMS):
            found.pop("PATH", None)
        for credential, variable in own.items():
            if variable and variable in found:
                found[credential] = found.pop(variable)
        for name in _CERTIFICATES:
            if name in found:
                found[name] = str(Path(build_root, found[name]))
        return {name: SecretText(value) for name, value in found.items()}


def chosen_repositories(texts: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    """Return those of a target's repositories that `[wheel-publish].to` names; all if it names none.

    A name may lack its `@` there: on a command line, Pants reads `--wheel-publish-to=@testpypi` from a file `testpypi`.
    """
    names = {name for text in chosen for name in (text, f"@{text}")}
    return tuple(text for text in texts if not names or text in names)


def parse_repositories(
    texts: Iterable[str],
    urls: Mapping[str, str],
    *,
    where: str,
    check_urls: Mapping[str, str] | None = None,
    is_release: bool = False,
) -> tuple[Repository, ...]:
    """Parse the repositories of targets, each once.

    Args:
        urls: The URLs of `[wheel-publish].repositories` by name.
        where: The target, for messages.
        check_urls: The simple indexes of `[wheel-publish].check_urls`, by name or upload URL.
        is_release: Whether the target is a `release`, which can also go to a folder.

    Raises:
        InvalidTargetError: For all entries that are neither a name, nor a URL without credentials, nor a folder of a
            release.
    """
    found: list[Repository] = []
    problems = Problems()
    for text in dict.fromkeys(texts):
        folder = _FOLDER.fullmatch(text)
        if folder:
            problems.add_text(_folder_problem(text, folder[2], where=where, is_release=is_release))
            found.append(Repository(text, None, folder=(folder[1], folder[2])))
            continue
        named = text.startswith("@")
        url = urls.get(text[1:]) if named else text
        origin = f"`[wheel-publish].repositories` for {text}" if named else f"`repositories` of {where}"
        if named and not _NAME.fullmatch(text):
            problems.add_text(f"{origin} does not contain a valid name for ~/.pypirc.")
        elif url is not None and "@" in url:
            problems.add_text(
                f"{origin} has a URL that contains credentials. Remove user:password@ from it and change the password, "
                "because others may have read it; set TWINE_USERNAME and TWINE_PASSWORD, or use ~/.pypirc."
            )
        elif url is not None and not _HTTP_URL.match(url):
            folders = "" if named or not is_release else ", `index:PATH` or `folder:PATH`"
            forms = f"`@name`{',' if folders else ' or'} the http or https URL of an upload endpoint{folders}"
            problems.add_text(f"{origin} has {url!r}. Write {forms}.")
        found.append(Repository(text, url, (check_urls or {}).get(text.lstrip("@"))))
    problems.raise_if_any(InvalidTargetError, render=bullet_list)
    return tuple(found)


def _folder_problem(text: str, path: str, *, where: str, is_release: bool) -> str:
    """Return what is wrong with a folder as a repository. Empty if nothing is."""
    if "://" in path:
        # Not shown, as it may contain credentials.
        return (
            f"`repositories` of {where} has a URL after `{text.partition(':')[0]}:`. Write the path of a folder from "
            "the build root, or the URL of an upload endpoint alone."
        )
    if not is_release:
        return (
            f"`repositories` of {where} has {text!r}, which only a `release` can have: a folder or an index "
            f"gets a release as a whole. List the wheel in a `release`, and give that `repositories=[{text!r}]`."
        )
    return "" if path else f"`repositories` of {where} has {text!r} without a path. Write a path from the build root."
