"""Identities of CI jobs in tests: tokens in the form of OpenID Connect, and the servers and programs that give them."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from werkzeug import Request, Response

from spokeshave.testing.pypi_rules_fixtures import PUBLISHER

RUNNER_SECRET = "secret of the job's runner"


def identity_token(subject: str, audience: str) -> str:
    """Return a token in the form of OpenID Connect, without a valid signature. No two are equal."""
    claims = {"iss": "a CI", "aud": audience, "sub": subject, "jti": os.urandom(8).hex()}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of an identity token."""
    try:
        payload = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims


def identity_application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer as the CI of GitHub does: the identity of a job for an audience. Or as the metadata server of Google."""
    request = Request(environ)
    if request.path.startswith("/computeMetadata/") and request.headers.get("Metadata-Flavor") == "Google":
        return Response(identity_token(PUBLISHER, request.args.get("audience", "")))(environ, start_response)
    if request.headers.get("Authorization") != f"bearer {RUNNER_SECRET}":
        return json_response({}, 401)(environ, start_response)
    value = identity_token(request.args.get("subject", ""), request.args.get("audience", ""))
    return json_response({"value": value})(environ, start_response)


def write_identity_program(path: Path, url: str) -> Path:
    """Write a program that prints the identity, for the audience in its arguments; return its folder."""
    path.parent.mkdir(exist_ok=True)
    code = f"""#!{sys.executable}
import json, sys, urllib.parse, urllib.request
arguments = sys.argv[1:]
if "--audience" in arguments:
    audience = arguments[arguments.index("--audience") + 1]
else:
    audience = json.loads(arguments[arguments.index("--claims") + 1])["aud"]
url = {url!r}.replace(" ", "%20") + "&audience=" + urllib.parse.quote(audience)
request = urllib.request.Request(url, headers={{"Authorization": "bearer {RUNNER_SECRET}"}})
print(json.load(urllib.request.urlopen(request))["value"])
"""
    path.write_text(code)
    path.chmod(0o755)
    return path.parent


def json_response(document: object, status: int = 200) -> Response:
    """Return a JSON document as an answer."""
    return Response(json.dumps(document), status, content_type="application/json")
