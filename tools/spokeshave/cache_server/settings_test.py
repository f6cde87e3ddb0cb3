from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.cache_server.settings import (
    KEYS,
    Address,
    SettingsError,
    Value,
    client_options,
    make_settings,
    parse_address,
    parse_duration,
    read_config,
    token_hint,
)

SECRET = "0123456789abcdef" * 4


def error_of(tmp_path: Path, config: dict[str, Value] | None = None, **options: Value | None) -> str:
    """Return the error of some settings."""
    with pytest.raises(SettingsError) as caught:
        make_settings({name.replace("_", "-"): value for name, value in options.items()}, config or {}, tmp_path)
    return str(caught.value)


def test_durations_are_numbers_with_a_unit() -> None:
    assert [parse_duration(text) for text in ("90", "5m", "2 h", "1.5d", 7)] == [90, 300, 7200, 129600, 7]
    for text in ("soon", "-5m", True):
        with pytest.raises(ValueError, match="is not a valid duration"):
            parse_duration(text)


@pytest.mark.parametrize(
    ("text", "address", "local"),
    [
        ("127.0.0.1:8980", Address("127.0.0.1", 8980), True),
        ("localhost:0", Address("localhost", 0), True),
        ("[::1]:8980", Address("[::1]", 8980), True),
        ("0.0.0.0:8980", Address("0.0.0.0", 8980), False),
        (":8980", Address("0.0.0.0", 8980), False),
        ("cache.example:443", Address("cache.example", 443), False),
        ("[::]:1", Address("[::]", 1), False),
    ],
)
def test_local_addresses_are_recognized(text: str, address: Address, local: bool) -> None:
    assert parse_address(text) == address
    assert address.local is local


@pytest.mark.parametrize("text", ["8980", "localhost", "localhost:", "::1:80", "localhost:70000", "a b:1"])
def test_invalid_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="use HOST:PORT"):
        parse_address(text)


def test_options_override_the_file_and_the_file_defaults(tmp_path: Path) -> None:
    config: dict[str, Value] = {"max-size": "1G", "keep-recent": "1h", "read-only": True}
    settings = make_settings({"max-size": "2G", "keep-recent": None}, config, tmp_path / "cache")
    assert (settings.max_size, settings.keep_recent, settings.read_only) == (2 << 30, 3600, True)
    assert settings.listen == Address("127.0.0.1", 8980)
    assert settings.directory == tmp_path / "cache"
    assert settings.min_free is None


def test_a_files_paths_are_relative_to_it(tmp_path: Path) -> None:
    file = tmp_path / "etc/cache.toml"
    file.parent.mkdir()
    file.write_text('listen = "127.0.0.1:1"\ndirectory = "../store"\nmax-size = 1000\n')
    config = read_config(file)
    assert config["directory"] == f"{tmp_path}/etc/../store"
    assert make_settings({}, config, tmp_path).max_size == 1000


def test_unknown_keys_are_reported_with_the_valid_ones(tmp_path: Path) -> None:
    file = tmp_path / "cache.toml"
    file.write_text("max_size = 1\nport = 2\nlisten = [1]\n[tls]\ncert = 3\n")
    with pytest.raises(SettingsError) as caught:
        read_config(file)
    text = str(caught.value)
    for wrong in (
        "unknown key 'max_size'",
        "unknown key 'port'",
        "unknown key 'tls'",
        "the value of listen is not a string",
    ):
        assert wrong in text
    assert ", ".join(KEYS) in text


def test_a_missing_or_invalid_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("=")
    with pytest.raises(SettingsError, match="is not TOML"):
        read_config(tmp_path / "bad.toml")


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    text = error_of(tmp_path, {"read-only": "yes"}, listen="nowhere", max_size="big", threads=1, keep_recent="soon")
    for key in ("read-only", "listen", "max-size", "threads", "keep-recent"):
        assert f"{key}: " in text


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    assert "Give both --tls-cert and --tls-key" in error_of(tmp_path, tls_cert="cert.pem")
    text = error_of(tmp_path, tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    assert text.count("cannot be read (No such file or directory)") == 2
    (tmp_path / "cert.pem").write_text("none")
    assert "is not the certificate" in error_of(
        tmp_path, tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "cert.pem")
    )


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    assert "has 5 bytes" in error_of(tmp_path, token_secret=str(tmp_path / "secret"))


def test_other_machines_are_not_let_in_without_tls_and_token(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    for options in ({}, {"token_secret": str(tmp_path / "secret")}):
        text = error_of(tmp_path, None, listen="0.0.0.0:0", **options)
        assert "can be reached from other machines" in text
        assert "--insecure" in text
    settings = make_settings({"listen": "0.0.0.0:0", "insecure": True}, {}, tmp_path)
    assert not settings.listen.local


def test_clients_get_the_token_option_of_each_pants(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    plain = make_settings({"instance-name": "main"}, {}, tmp_path)
    assert client_options(plain, "grpc://host:1")[2:] == (
        "--remote-store-address=grpc://host:1",
        "--remote-instance-name=main",
    )
    assert token_hint(plain) == ""
    hint = token_hint(make_settings({"token-secret": str(tmp_path / "secret")}, {}, tmp_path))
    assert " --remote-oauth-bearer-token=@TOKEN_FILE " in hint
    assert "2.17.1: --remote-oauth-bearer-token-path=TOKEN_FILE" in hint
