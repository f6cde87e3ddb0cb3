"""The upload endpoint and its credentials: from the environment, ~/.pypirc or a CI job's identity."""

from __future__ import annotations

import base64
import configparser
import html
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests.auth
from requests import PreparedRequest
from twine import utils as twine_utils

from spokeshave.upload.trusted_publishing import has_identity
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

_PYPIRC = twine_utils.DEFAULT_CONFIG_FILE
_LOGIN_KEYS = ("username", "password")
_PYPIRC_KEYS = ("repository", *_LOGIN_KEYS, "ca_cert", "client_cert")
# The obsolete section with credentials for all servers of the file, which twine reads as well.
_COMMON_LOGIN = "server-login"
_BUILT_IN = {"pypi": twine_utils.DEFAULT_REPOSITORY, "testpypi": twine_utils.TEST_REPOSITORY}
TOKEN_USER = "__token__"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_HIDDEN = "********"


class InvalidEndpointError(SpokeshaveError):
    """An unknown repository, an invalid URL, or missing or misplaced credentials."""


@dataclass(frozen=True)
class Credentials:
    """A user and a password (or an API token), which are never part of a text representation."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Endpoint:
    """An index that accepts uploads. `ca_bundle` and `client_cert` are paths.

    Attributes:
        credentials: Those that the user gave.
        trusts_job: Whether the index may give a token to this CI job, which has an identity and no credentials.
        lack: What is wrong with the credentials.
    """

    url: str
    credentials: Credentials | None = None
    ca_bundle: str | None = None
    client_cert: str | None = None
    trusts_job: bool = False
    lack: Problem | None = None


class OriginAuth(requests.auth.AuthBase):
    """Credentials for one origin (scheme, host and port). Other origins get none, not even those of ~/.netrc."""

    def __init__(self, url: str, credentials: Credentials | None) -> None:
        self._origin = origin(url)
        self._credentials = credentials

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Authenticate a request to the origin."""
        if self._credentials is None or origin(request.url or "") != self._origin:
            return request
        # As bytes: requests encodes text as Latin-1, which cannot represent every password.
        user = self._credentials.username.encode()
        password = self._credentials.password.encode()
        signed: PreparedRequest = requests.auth.HTTPBasicAuth(user, password)(request)
        return signed


class Scrubber:
    """Removes credentials from texts: passwords from each, and user names from those of others.

    A user name may be a word of our own texts, such as that of a folder or of a project. So an index's reason and a
    library's error lose it, but not a path, a file's name, or a checked URL.

    Args:
        own: URLs without credentials, which stay as they are in the texts of others.
    """

    def __init__(
        self, credentials: Credentials | None, environment: Mapping[str, str], own: Iterable[str] = ()
    ) -> None:
        self._pairs = [*_proxy_credentials(environment), *_identities(environment)]
        self._own = tuple(own)
        self._secrets: re.Pattern[str] | None = None
        self._names: list[str] = []
        self.learn(credentials)

    def learn(self, credentials: Credentials | None) -> None:
        """Remove these credentials too from now on."""
        self._pairs += [credentials] if credentials else []
        secrets = {form for pair in self._pairs for form in _written_forms(pair)}
        patterns = [re.escape(secret) for secret in sorted(secrets, key=len, reverse=True) if secret]
        self._secrets = re.compile("|".join(patterns)) if patterns else None
        self._names = sorted({pair.username for pair in self._pairs} - {"", TOKEN_USER}, key=len, reverse=True)

    def secrets(self, text: str) -> str:
        """Return a text of our own without passwords."""
        return self._secrets.sub(_HIDDEN, text) if self._secrets else text

    def __call__(self, text: str, *own: str) -> str:
        """Return a text of others without passwords and user names.

        Args:
            own: Parts of it that are ours, and stay as they are.
        """
        text = self.secrets(text)
        if not self._names:
            return text
        kept = [re.escape(part) for part in sorted({*own, *self._own}, key=len, reverse=True) if part]
        names = "|".join(map(re.escape, self._names))
        pattern = "|".join([*kept, rf"(?<!\w)(?P<name>{names})(?!\w)"])
        return re.sub(pattern, lambda found: _HIDDEN if found["name"] else found[0], text)

    def error(self, error: SpokeshaveError) -> SpokeshaveError:
        """Return the same error with every text of it scrubbed."""
        return type(error)(*self.problems(error.problems))

    def problems(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the same problems without credentials. Only their messages have texts of others."""
        return [
            Problem(self.secrets(each.place), self(each.message, each.place), self.secrets(each.remedy))
            for each in problems
        ]


def _written_forms(pair: Credentials) -> set[str]:
    """Return the forms of a password in a header, a URL, JSON or HTML."""
    password = pair.password
    header = base64.b64encode(f"{pair.username}:{password}".encode("utf-8", "surrogateescape")).decode()
    quoted = quote(password, safe="", errors="surrogateescape")
    return {password, quoted, html.escape(password), json.dumps(password)[1:-1], header}


def _proxy_credentials(environment: Mapping[str, str]) -> list[Credentials]:
    found = []
    for name, value in environment.items():
        userinfo = re.match(r"(?:\w+://)?(.*)@", value) if name.lower() in _PROXIES else None
        if userinfo:
            username, _, password = userinfo[1].partition(":")
            found.append(Credentials(username, password))
    return found


def _identities(environment: Mapping[str, str]) -> list[Credentials]:
    """Return the proofs of a CI job's identity, and the secrets that it gets them with."""
    names = [name for name in environment if name.endswith(("_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"))]
    return [Credentials(TOKEN_USER, environment[name]) for name in names if environment[name]]


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def without_userinfo(url: str) -> str:
    """Return a URL that may be shown, even for a malformed one."""
    return re.sub(r"//.*@", "//", url)


def check_url(url: str, what: str) -> str:
    """Return the URL if it is one of http or https without credentials.

    Raises:
        InvalidEndpointError: If it is not.
    """
    shown = without_userinfo(url)
    if shown != url:
        remedy = (
            "Remove user:password@ from the URL and change the password, because others may have read it; "
            "set TWINE_USERNAME and TWINE_PASSWORD, or use ~/.pypirc."
        )
        raise InvalidEndpointError(Problem(what, f"the URL {shown} contains credentials", remedy))
    try:
        scheme, host, _ = origin(url)
    except ValueError:
        scheme = ""
        host = ""
    if scheme not in ("http", "https") or not host:
        remedy = "Give an address with a host that begins with https:// or http://."
        raise InvalidEndpointError(Problem(what, f"{shown!r} is not an http or https URL", remedy))
    return url


def find_endpoint(
    name: str | None, url: str | None, environment: Mapping[str, str], *, needs_credentials: bool = True
) -> Endpoint:
    """Return the endpoint of a repository's name, of a URL, or of a name whose URL is given.

    Args:
        needs_credentials: Whether missing credentials are an error, and not only noted.

    Raises:
        InvalidEndpointError: For all problems.
    """
    section = _pypirc_section(name) if name else {}
    what = f"the repository {name!r}" if name else "the repository"
    found = _choose_url(name, url, section, what)
    if name:
        section = _section_for(name, found, section)
    problems = Problems()
    with problems.collecting():
        check_url(found, what)
    credentials, lack = _credentials(found, section, environment, what)
    if lack and needs_credentials:
        problems.extend(InvalidEndpointError(lack))
    ca_bundle = environment.get("TWINE_CERT") or section.get("ca_cert")
    for path, kind in ((ca_bundle, "certificate authorities"), (section.get("client_cert"), "the client certificate")):
        if path and not Path(path).exists():
            problems.add(path, f"does not exist; it should contain {kind}", "Correct TWINE_CERT or ~/.pypirc.")
    problems.raise_if_any(InvalidEndpointError)
    return Endpoint(
        url=twine_utils.normalize_repository_url(found),
        credentials=credentials,
        ca_bundle=ca_bundle,
        client_cert=section.get("client_cert"),
        trusts_job=credentials is None and lack is None and _may_ask_for_token(found, environment),
        lack=lack,
    )


def _pypirc_section(name: str) -> dict[str, str]:
    """Return the entries of a repository in ~/.pypirc, listed under index-servers or not. Empty if there are none."""
    remedy = f"Correct {_PYPIRC}: index-servers under [distutils], and a section of each name with repository = URL."
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(Path(_PYPIRC).expanduser().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as err:
        raise InvalidEndpointError(Problem(_PYPIRC, f"cannot be read ({err.strerror})", remedy)) from err
    except (configparser.Error, ValueError) as err:
        # The error quotes the line, which may contain the password.
        raise InvalidEndpointError(Problem(_PYPIRC, "is malformed", remedy)) from err
    own = {key: value for key in _PYPIRC_KEYS if (value := parser.get(name, key, fallback=""))}
    if "repository" not in own and name not in _BUILT_IN:
        # For a URL that is not in the user's file, only the section of that name applies.
        return {} if name == _COMMON_LOGIN else own
    common = {key: value for key in _LOGIN_KEYS if (value := parser.get(_COMMON_LOGIN, key, fallback=""))}
    return {**common, **own}


def _choose_url(name: str | None, url: str | None, section: Mapping[str, str], what: str) -> str:
    """Return the given URL, or else the built-in one.

    Raises:
        InvalidEndpointError: If there are two.
    """
    stated = section.get("repository")
    if url and stated and url.rstrip("/") != stated.rstrip("/"):
        # Otherwise the credentials of one index would be sent to another.
        message = (
            f"has two URLs: {without_userinfo(url)}, given by --repository-url (which `publish` takes from "
            f"`[wheel-publish].repositories`), and {without_userinfo(stated)}, in the section [{name}] of {_PYPIRC}"
        )
        raise InvalidEndpointError(Problem(what, message, "Remove one of the two, or give one another name."))
    found = url or stated or _BUILT_IN.get(name or "")
    if found is None:
        remedy = f"Give its URL, or add a section [{name}] with repository = URL to {_PYPIRC}."
        raise InvalidEndpointError(Problem(what, f"is not known: {_PYPIRC} has no URL for it", remedy))
    return found


def _section_for(name: str, url: str, section: dict[str, str]) -> dict[str, str]:
    """Return the section without the credentials of PyPI or TestPyPI if another index has their name."""
    built_in = _BUILT_IN.get(name)
    if built_in is None or section.get("repository") or _same_origin(url, built_in) or "password" not in section:
        return section
    print(
        f"The credentials of {_PYPIRC} for {name!r} are not sent to {without_userinfo(url)}: that file has no "
        f"`repository` under [{name}], so they belong to the built-in address. Add `repository`, or set "
        "TWINE_USERNAME and TWINE_PASSWORD.",
        file=sys.stderr,
        flush=True,
    )
    return {key: value for key, value in section.items() if key not in _LOGIN_KEYS}


def _same_origin(url: str, other: str) -> bool:
    try:
        return origin(url) == origin(other)
    except ValueError:
        return False


def _credentials(
    url: str, section: Mapping[str, str], environment: Mapping[str, str], what: str
) -> tuple[Credentials | None, Problem | None]:
    """Return the environment's credentials, else ~/.pypirc's, and what is missing.

    An index may need none, and gives a token to a CI job that it trusts.
    """
    username = environment.get("TWINE_USERNAME") or section.get("username")
    password = environment.get("TWINE_PASSWORD") or section.get("password")
    on_pypi = any(_same_origin(url, built_in) for built_in in _BUILT_IN.values())
    if on_pypi:
        username = environment.get("TWINE_USERNAME") or TOKEN_USER
    if username and password:
        return Credentials(username, password), None
    may_ask = username in (None, TOKEN_USER) and not password and _may_ask_for_token(url, environment)
    if may_ask or (not username and not password):
        return None, None
    lacking, variable = ("user name", "TWINE_USERNAME") if password else ("password", "TWINE_PASSWORD")
    secret = "an API token" if on_pypi else f"the {lacking}"
    remedy = f"Set {variable} to {secret}, or put it into {_PYPIRC}."
    return None, Problem(what, f"there is no {lacking} for {without_userinfo(url)}", remedy)


def _may_ask_for_token(url: str, environment: Mapping[str, str]) -> bool:
    """Return whether this CI job can prove its identity, over an encrypted connection."""
    return has_identity(environment) and url.startswith("https://") and without_userinfo(url) == url
