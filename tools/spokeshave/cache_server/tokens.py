"""Bearer tokens of the cache server: JSON Web Tokens signed by HMAC-SHA-256 (RFC 7519), which BuildGrid checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError

READ_WRITE = "spokeshave:read-write"
READ_ONLY = "spokeshave:read-only"
_SHORTEST = 32


class SecretError(SpokeshaveError):
    """A file without a secret to sign with."""


def read_secret(path: Path) -> str:
    """Return the secret in a file, without surrounding white space.

    Raises:
        SecretError: If there is no valid secret.
    """
    remedy = 'Create one: python3 -c "import secrets; print(secrets.token_hex(32))" > FILE; chmod 600 FILE'
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is not text in UTF-8"
        raise SecretError(Problem(str(path), f"the secret cannot be read ({reason})", remedy)) from err
    if len(secret.encode()) < _SHORTEST:
        message = f"the secret has {len(secret.encode())} bytes, and HMAC-SHA-256 needs {_SHORTEST}"
        raise SecretError(Problem(str(path), message, remedy))
    return secret


def make_token(secret: str, subject: str, now: int, seconds: int) -> str:
    """Return a token that is valid for a number of seconds from `now` (since the epoch)."""
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {"sub": subject, "iat": now, "exp": now + seconds}
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
