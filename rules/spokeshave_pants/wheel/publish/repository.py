"""Repositories that wheels are published to, and the credentials that reach the upload and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave_pants.errors import InvalidTargetError, bullet_list

_CREDENTIALS = ("TWINE_USERNAME", "TWINE_PASSWORD")
# With which a job on GitHub proves to the index who it is.
_IDENTITY = ("GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_CERTIFICATES = ("TWINE_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_TERMINAL = ("TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
_NAME = re.compile(r"@[^\s/:@]+")
_HTTP_URL = re.compile(r"https?://[^/?#]+", re.IGNORECASE)


class SecretText(str):
    """A text that is not shown where an object that holds it is.

    Pants logs the whole of a process that it runs in the foreground, environment included.
    """

    def __repr__(self) -> str:
        return "'********'"


@dataclass(frozen=True)
class Repository:
    """An entry of a `repositories` field: `@name`, whose URL only ~/.pypirc may know, or a URL.

    :param check_url: the simple index (PEP 503) that lists what is there, where it does not follow from the URL.
    """

    text: str
    url: str | None
    check_url: str | None = None

    @property
    def name(self) -> str | None:
        """The name, without its `@`."""
        return self.text[1:] if self.text.startswith("@") else None

    @property
    def label(self) -> str:
        """What a user knows it by."""
        return f"{self.text} ({self.url})" if self.name and self.url else self.text

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options of `spokeshave upload`. Of a name with a URL, ~/.pypirc may still know the credentials."""
        return (
            *(("--repository", self.name) if self.name else ()),
            *(("--repository-url", self.url) if self.url else ()),
            *(("--check-url", self.check_url) if self.check_url else ()),
        )

    def _variable(self, credential: str) -> str | None:
        """The variable that holds a credential for this repository alone."""
        return f"{credential}_{re.sub(r'[^A-Z0-9]', '_', self.name.upper())}" if self.name else None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the user's environment that an upload depends on."""
        own = tuple(filter(None, (self._variable(credential) for credential in _CREDENTIALS)))
        proxies = (*_PROXIES, *(name.lower() for name in _PROXIES))
        return ("HOME", *_CREDENTIALS, *own, *_IDENTITY, *_CERTIFICATES, *proxies, *_TERMINAL)

    def environment(self, variables: Mapping[str, str], build_root: str) -> dict[str, str]:
        """What the upload finds in its environment, from what the user has in theirs."""
        own = {credential: self._variable(credential) for credential in _CREDENTIALS}
        found = {name: variables[name] for name in self.variables if variables.get(name)}
        for credential, variable in own.items():
            if variable and variable in found:
                found[credential] = found.pop(variable)
        for name in _CERTIFICATES:
            if name in found:
                found[name] = str(Path(build_root, found[name]))
        return {name: SecretText(value) for name, value in found.items()}


def parse_repositories(
    texts: Iterable[str], urls: Mapping[str, str], *, where: str, check_urls: Mapping[str, str] | None = None
) -> tuple[Repository, ...]:
    """Repositories as targets name them, each once.

    :param urls: the URLs of `[wheel-publish].repositories` by name.
    :param where: the target, for messages.
    :param check_urls: the simple indexes of `[wheel-publish].check_urls`, by name or upload URL.
    :raises InvalidTargetError: with every one that is neither a name nor a URL without credentials.
    """
    found: list[Repository] = []
    problems: list[str] = []
    for text in dict.fromkeys(texts):
        named = text.startswith("@")
        url = urls.get(text[1:]) if named else text
        origin = f"`[wheel-publish].repositories` for {text}" if named else f"`repositories` of {where}"
        if named and not _NAME.fullmatch(text):
            problems.append(f"{origin} has no name in it that ~/.pypirc could hold.")
        elif url is not None and "@" in url:
            problems.append(
                f"{origin} has a URL that holds credentials. Remove user:password@ from it and change the password, "
                "which others may have read by now; set TWINE_USERNAME and TWINE_PASSWORD, or use ~/.pypirc."
            )
        elif url is not None and not _HTTP_URL.match(url):
            problems.append(f"{origin} has {url!r}. Write `@name` or the http or https URL of an upload endpoint.")
        found.append(Repository(text, url, (check_urls or {}).get(text.lstrip("@"))))
    if problems:
        raise InvalidTargetError(bullet_list(problems))
    return tuple(found)
