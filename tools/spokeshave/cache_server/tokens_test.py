from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from spokeshave.cache_server.tokens import READ_ONLY, SecretError, make_token, read_secret
from spokeshave.cli import main

SECRET = "0123456789abcdef" * 4


def claims(token: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


def test_a_token_is_that_of_rfc_7519() -> None:
    # PyJWT 2.15's token of the same secret and claims.
    token = make_token(SECRET, READ_ONLY, 1_800_000_000, 60)
    assert token.split(".")[0] == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    assert token.split(".")[2] == "DwvYXbJNH1qBKOljJ5A70lywcd6rl2ZbROjd0pZyErQ"
    assert claims(token) == {"sub": READ_ONLY, "iat": 1_800_000_000, "exp": 1_800_000_060}


def test_a_secret_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert read_secret(tmp_path / "secret") == SECRET


def test_an_unreadable_secret_is_reported_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"secrets\.token_hex"):
        read_secret(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff" * 64)
    with pytest.raises(SecretError, match="it is not text in UTF-8"):
        read_secret(tmp_path / "bytes")


def test_the_command_prints_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text(SECRET)
    assert main(["cache-server", "token", "--secret", str(tmp_path / "secret"), "--read-only", "--days", "2"]) == 0
    token = capsys.readouterr().out
    # As Pants reads it from the file of `token > FILE`: 2.29 and newer refuse any white space.
    assert token == token.strip()
    found = claims(token)
    assert found["sub"] == READ_ONLY
    assert int(str(found["exp"])) - int(str(found["iat"])) == 2 * 86400
