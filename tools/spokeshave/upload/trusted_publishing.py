"""Trusted publishing: an index gives a CI job that proves its identity a short-lived token instead of a secret.

The proof is an OpenID Connect token. The library `id` gets it from GitHub, GitLab, Google, Buildkite and CircleCI, by
their variables and programs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import requests
from twine.auth import CredentialInput, Resolver
from twine.exceptions import TwineException
from urllib3.exceptions import HTTPError

from spokeshave.failures import causes
from spokeshave.upload.attempt import is_temporary
from spokeshave_core.problems import Problem, SpokeshaveError

_GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
GOOGLE_PRODUCT_NAME = Path("/sys/class/dmi/id/product_name")
"""The file that says whether the machine is Google's."""
# The programs that give the identity, by the variable that is set in each job.
_PROGRAMS = {"BUILDKITE": "buildkite-agent", "CIRCLECI": "circleci"}

# The error of `id` for a CI that answers with an error, or not at all. Missing permissions have another.
_NO_IDENTITY = "AmbientCredentialError"
_FAILURES = (requests.ConnectionError, requests.Timeout, requests.exceptions.RetryError)


class TrustedPublishingError(SpokeshaveError):
    """An index that gives this job no token.

    Attributes:
        may_pass: Whether it may do so later, because it or the CI did not answer.
    """

    may_pass = False


def has_identity(environment: Mapping[str, str]) -> bool:
    """Return whether this is a job that can prove its identity.

    A job on GitLab has the proof in a variable, such as PYPI_ID_TOKEN, that `id_tokens` of its configuration names. On
    Google Cloud, it is that of a service account: the one that GOOGLE_SERVICE_ACCOUNT_NAME names, or the machine's.
    """
    on_gitlab = bool(environment.get("GITLAB_CI")) and any(name.endswith("_ID_TOKEN") for name in environment)
    return (
        (bool(environment.get("GITHUB_ACTIONS")) and all(environment.get(name) for name in _GITHUB))
        or on_gitlab
        or bool(environment.get("GOOGLE_SERVICE_ACCOUNT_NAME"))
        or _is_on_google()
        or any(environment.get(name) and _is_on_path(program, environment) for name, program in _PROGRAMS.items())
    )


def _is_on_google() -> bool:
    try:
        return GOOGLE_PRODUCT_NAME.read_text().startswith("Google")
    except (OSError, UnicodeDecodeError):
        return False


def _is_on_path(program: str, environment: Mapping[str, str]) -> bool:
    return shutil.which(program, path=environment.get("PATH")) is not None


def fetch_token(url: str) -> str | None:
    """Return the index's upload token for this job. None if the index does not support trusted publishing."""
    try:
        return Resolver({"repository": url}, CredentialInput()).make_trusted_publishing_token()
    except requests.HTTPError as err:
        if err.response is not None and err.response.status_code == requests.codes.not_found:
            return None
        raise _refused(url, err) from err
    except (TwineException, requests.RequestException, HTTPError, LookupError, TypeError, ValueError) as err:
        raise _refused(url, err) from err


def _may_pass(error: BaseException) -> bool:
    """Return whether the index, a proxy or the CI failed, instead of saying that it does not trust the job.

    twine and `id` hide the answer behind errors of their own. A refusal has the form of the protocol.
    """
    for cause in causes(error):
        if isinstance(cause, requests.HTTPError):
            return cause.response is not None and is_temporary(cause.response.status_code)
        if isinstance(cause, (*_FAILURES, json.JSONDecodeError, LookupError, TypeError)):
            return True
        if type(cause).__name__ == _NO_IDENTITY:
            return True
    return False


def _refused(url: str, error: Exception) -> TrustedPublishingError:
    remedy = (
        "Check on the index which repository, workflow file and environment it trusts, "
        "or set TWINE_USERNAME and TWINE_PASSWORD."
    )
    message = f"gives this job no token: {str(error) or type(error).__name__}"
    refused = TrustedPublishingError(Problem(url, message, remedy))
    refused.may_pass = _may_pass(error)
    return refused
