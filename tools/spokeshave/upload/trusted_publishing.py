"""Trusted publishing: an index gives a CI job that proves its identity a short-lived token instead of a secret.

The proof is an OpenID Connect token, which GitHub issues to jobs with the permission `id-token: write`.
"""

from __future__ import annotations

from collections.abc import Mapping

import requests
from twine.auth import CredentialInput, Resolver
from twine.exceptions import TwineException
from urllib3.exceptions import HTTPError

from spokeshave_core.problems import Problem, SpokeshaveError

VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


class TrustedPublishingError(SpokeshaveError):
    """An index that gives this job no token."""


def has_identity(environment: Mapping[str, str]) -> bool:
    """Return whether this is a job that can prove its identity."""
    return all(environment.get(name) for name in VARIABLES)


def fetch_token(url: str) -> str | None:
    """Return the index's upload token for this job. None if the index does not support trusted publishing."""
    try:
        return Resolver({"repository": url}, CredentialInput()).make_trusted_publishing_token()
    except requests.HTTPError as err:
        if err.response is not None and err.response.status_code == requests.codes.not_found:
            return None
        raise _refused(url, err) from err
    except (TwineException, requests.RequestException, HTTPError, LookupError, TypeError) as err:
        raise _refused(url, err) from err


def _refused(url: str, error: Exception) -> TrustedPublishingError:
    remedy = (
        "Check on the index which repository, workflow file and environment it trusts, "
        "or set TWINE_USERNAME and TWINE_PASSWORD."
    )
    message = f"gives this job no token: {str(error) or type(error).__name__}"
    return TrustedPublishingError(Problem(url, message, remedy))
