"""Settings of the cache server, from options and from a file for all others."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, Union

from spokeshave.cache_server.tokens import read_secret
from spokeshave.sizes import parse_size
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

Value = Union[str, int, float, bool]
T = TypeVar("T")
U = TypeVar("U")

DEFAULTS: Mapping[str, Value] = {
    "listen": "127.0.0.1:8980",
    "max-size": "20G",
    "keep-recent": "5m",
    "instance-name": "",
    "threads": 64,
    "read-only": False,
    "insecure": False,
    "verbose": False,
}
# In a file these are relative to the file.
PATHS = ("directory", "tls-cert", "tls-key", "token-secret", "ready-file")
KEYS = tuple(sorted({*DEFAULTS, *PATHS, "min-free"}))
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_ADDRESS = re.compile(r"(?P<host>\[[^\]]+\]|[^:\s]*):(?P<port>\d{1,5})")


class SettingsError(SpokeshaveError):
    """Options or a file that the server cannot be started with."""


@dataclass(frozen=True)
class Address:
    """The address to listen on. Port 0 selects a free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Return whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class Settings:
    """The settings of a server. Sizes are in bytes, times in seconds. A `min_free` of None depends on the disk."""

    listen: Address
    directory: Path
    max_size: int
    min_free: int | None
    keep_recent: float
    threads: int
    instance_name: str
    read_only: bool
    insecure: bool
    verbose: bool
    tls_cert: Path | None
    tls_key: Path | None
    token_secret: Path | None
    ready_file: Path | None

    @property
    def tls(self) -> bool:
        """Return whether connections are encrypted."""
        return self.tls_cert is not None


def parse_duration(text: Value) -> float:
    """Return the seconds of `90`, `5m` or `2h`.

    Raises:
        ValueError: For any other text.
    """
    found = _DURATION.fullmatch(str(text).strip())
    if not found or isinstance(text, bool):
        raise ValueError(f"{text!r} is not a valid duration; use a number with an s, m, h or d suffix, such as 5m")
    return float(found[1]) * _SECONDS[found[2]]


def parse_address(text: Value) -> Address:
    """Return host and port of `127.0.0.1:8980` or `[::1]:0`.

    Raises:
        ValueError: For any other text.
    """
    found = _ADDRESS.fullmatch(str(text).strip())
    if not found or int(found["port"]) > 65535:
        raise ValueError(f"{text!r} is not a valid listen address; use HOST:PORT, such as 127.0.0.1:8980")
    return Address(found["host"] or "0.0.0.0", int(found["port"]))


def read_config(path: Path) -> dict[str, Value]:
    """Return the settings in a file, with absolute paths.

    Raises:
        SettingsError: For all invalid keys.
    """
    from spokeshave.toml_text import InvalidTomlError, parse_toml

    try:
        table = parse_toml(path.read_bytes())
    except OSError as err:
        remedy = "Give the path of a TOML file, or omit --config."
        raise SettingsError(Problem(str(path), f"cannot be read ({err.strerror})", remedy)) from err
    except InvalidTomlError as err:
        raise SettingsError(Problem(str(path), f"is not TOML ({err})", "Correct the file's syntax.")) from err
    problems = Problems()
    for key in sorted(set(table) - set(KEYS)):
        problems.add(str(path), f"has an unknown key {key!r}", f"The keys are: {', '.join(KEYS)}.")
    for key, value in table.items():
        if key in KEYS and not isinstance(value, (str, int, float)):
            problems.add(
                str(path), f"the value of {key} is not a string, a number or a boolean", "See docs/remote-cache.md."
            )
    problems.raise_if_any(SettingsError)
    base = path.absolute().parent
    return {key: str(base / str(value)) if key in PATHS else value for key, value in table.items()}


def make_settings(options: Mapping[str, Value | None], config: Mapping[str, Value], directory: Path) -> Settings:
    """Return the settings: options take precedence over the file, and the file over the defaults.

    Args:
        directory: The default directory of the cache.

    Raises:
        SettingsError: For all problems.
    """
    given = {key: value for key, value in options.items() if value is not None}
    reader = _Reader({**DEFAULTS, "directory": str(directory), **config, **given})
    settings = Settings(
        listen=reader.read("listen", parse_address, Address("127.0.0.1", 0)),
        directory=reader.read("directory", _absolute, directory),
        max_size=reader.read("max-size", parse_size, 0),
        min_free=reader.read("min-free", parse_size, None),
        keep_recent=reader.read("keep-recent", parse_duration, 0.0),
        threads=reader.read("threads", _threads, 0),
        instance_name=reader.read("instance-name", str, ""),
        read_only=reader.read("read-only", _flag, False),
        insecure=reader.read("insecure", _flag, False),
        verbose=reader.read("verbose", _flag, False),
        tls_cert=reader.read("tls-cert", _absolute, None),
        tls_key=reader.read("tls-key", _absolute, None),
        token_secret=reader.read("token-secret", _absolute, None),
        ready_file=reader.read("ready-file", _absolute, None),
    )
    problems = reader.problems
    if not problems:
        _check_tls(settings, problems)
        _check_access(settings, problems)
    problems.raise_if_any(SettingsError)
    return settings


def client_options(settings: Settings, address: str) -> tuple[str, ...]:
    """Return the options of Pants for clients of a server, without the token, which each client has for itself."""
    options = ["--remote-cache-read", *([] if settings.read_only else ["--remote-cache-write"])]
    options.append(f"--remote-store-address={address}")
    options += [f"--remote-instance-name={settings.instance_name}"] if settings.instance_name else []
    options += [f"--remote-ca-certs-path={settings.tls_cert}"] if settings.tls_cert else []
    return tuple(options)


def token_hint(settings: Settings) -> str:
    """Return the option for the token, for each version of Pants, to write after the others. Empty without tokens."""
    if not settings.token_secret:
        return ""
    option = "--remote-oauth-bearer-token"
    return f" {option}=@TOKEN_FILE (with Pants 2.17.1: {option}-path=TOKEN_FILE)"


class _Reader:
    """A reader of settings that collects the problems of each."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self.problems = Problems()

    def read(self, key: str, parse: Callable[[Value], T], otherwise: U) -> T | U:
        """Return a setting, or `otherwise` if it is missing or invalid."""
        if key not in self._values:
            return otherwise
        try:
            return parse(self._values[key])
        except ValueError as err:
            self.problems.add(key, str(err), "Correct the option, or the line of the file given by --config.")
            return otherwise


def _absolute(value: Value) -> Path:
    if not str(value):
        raise ValueError("the path is empty")
    return Path(str(value)).absolute()


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _threads(value: Value) -> int:
    if not str(value).isdigit() or not 8 <= int(value) <= 1000:
        raise ValueError(f"{value!r} is not a number from 8 to 1000")
    return int(value)


def _check_tls(settings: Settings, problems: Problems) -> None:
    cert = settings.tls_cert
    key = settings.tls_key
    if cert is None and key is None:
        return
    if cert is None or key is None:
        problems.add(
            "TLS",
            "has a certificate without a key, or a key without a certificate",
            "Give both --tls-cert and --tls-key, or neither.",
        )
        return
    remedy = "Give PEM files: --tls-cert with the server's certificate first, --tls-key with its key, no password."
    for path in (cert, key):
        try:
            path.read_bytes()
        except OSError as err:
            problems.add(str(path), f"cannot be read ({err.strerror})", remedy)
    if problems:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as err:
        problems.add(str(cert), f"is not the certificate for the key {key} ({err})", remedy)


def _check_access(settings: Settings, problems: Problems) -> None:
    if settings.token_secret:
        with problems.collecting():
            read_secret(settings.token_secret)
    if settings.listen.local or settings.insecure or (settings.tls and settings.token_secret):
        return
    message = "can be reached from other machines, and a client that can write to a cache decides what others build"
    remedy = (
        "Give --tls-cert, --tls-key and --token-secret, or --insecure if only trusted machines can reach this address."
    )
    problems.add(str(settings.listen), message, remedy)
