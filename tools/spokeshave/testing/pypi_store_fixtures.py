"""The files of the PyPI-like server, and the rules by which it accepts one. All of its state is on disk."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import os
import tarfile
import threading
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from packaging.metadata import parse_email
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from spokeshave.files import write_bytes
from spokeshave.testing.pypi_rules_fixtures import GIB, MIB, Rules

_DAY = 24 * 60 * 60
_HELP = "See the server's help for more information."
_MOST_ATTESTATIONS = 2


class RefusedError(Exception):
    """A request that the server refuses, with a status and the text that Warehouse has for it."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


@dataclass(frozen=True)
class StoredFile:
    """A file of the index. `number` counts the files in the order in which they were stored."""

    number: int
    name: str
    project: str
    version: str
    sha256: str
    size: int
    uploaded: float
    requires_python: str | None
    metadata_sha256: str | None
    attestations: list[Any] | None
    publisher: str | None

    @property
    def path(self) -> str:
        """The path of the file below the folder of files, and of its URL."""
        return f"{self.sha256}/{self.name}"

    def upload_time(self) -> str:
        """Return the time of the upload as PyPI writes it."""
        moment = datetime.datetime.fromtimestamp(self.uploaded, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Token:
    """A token of trusted publishing: who got it, and until when it is valid by the server's clock."""

    publisher: str
    expires: float


@dataclass(frozen=True)
class Upload:
    """The form of an upload.

    Attributes:
        publisher: The subject of the job, if it came with a token of trusted publishing.
    """

    fields: Mapping[str, Sequence[str]]
    name: str
    content: bytes
    publisher: str | None

    def first(self, key: str) -> str:
        return next(iter(self.fields.get(key, ())), "")


@dataclass
class State:
    """What is in the state's file.

    Attributes:
        names: Every file name that was ever stored.
        created: The time of the first file of each `project version`.
        identities: The identities that got a token: none gets a second one.
        stepped: Seconds by which uploads have advanced the clock.
    """

    files: list[StoredFile] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    created: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    identities: list[str] = field(default_factory=list)
    stepped: float = 0


def read_state(path: Path) -> State:
    """Return the state of a file; an empty one if it does not exist."""
    if not path.exists():
        return State()
    fields: dict[str, Any] = json.loads(path.read_text())
    files = [StoredFile(**each) for each in fields.pop("files")]
    tokens = {name: Token(**each) for name, each in fields.pop("tokens").items()}
    return State(files=files, tokens=tokens, **fields)


class Store:
    """The server's files, releases and tokens, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True)
        self._state = read_state(self._path)
        self._lock = threading.RLock()

    def now(self, rules: Rules) -> float:
        """Return the time by the server's clock."""
        return time.time() + rules.clock + self._state.stepped

    def files_of(self, project: str, rules: Rules) -> list[StoredFile]:
        """Return the files of a project that were not deleted, in the order in which they were stored."""
        with self._lock:
            return [file for file in self._state.files if file.project == project and file.name not in rules.deleted]

    def has_project(self, project: str) -> bool:
        with self._lock:
            return any(file.project == project for file in self._state.files)

    def projects(self) -> list[str]:
        with self._lock:
            return sorted({file.project for file in self._state.files})

    def last_number(self) -> int:
        with self._lock:
            return len(self._state.files)

    def find(self, path: str, rules: Rules) -> bytes | None:
        """Return the content of a file or of its metadata by its path below `/files/`."""
        with self._lock:
            known = {file.path for file in self._state.files if file.name not in rules.deleted}
        if path not in known and (not path.endswith(".metadata") or path[: -len(".metadata")] not in known):
            return None
        found = self._files / path
        return found.read_bytes() if found.is_file() else None

    def mint(self, publisher: str, identity: str, rules: Rules) -> str:
        """Return a new token for an identity, which cannot be used for a second one."""
        with self._lock:
            if identity in self._state.identities:
                raise RefusedError("invalid token: already used", 422)
            token = f"pypi-minted-{len(self._state.tokens) + 1}-{os.urandom(6).hex()}"
            self._state.tokens[token] = Token(publisher, self.now(rules) + rules.token_seconds)
            self._state.identities.append(identity)
            self._write()
            return token

    def publisher_of(self, token: str, rules: Rules) -> str:
        """Return who has a token of trusted publishing."""
        with self._lock:
            found = self._state.tokens.get(token)
            if found is None:
                raise RefusedError(f"Invalid or non-existent authentication information. {_HELP}", 403)
            if found.expires <= self.now(rules):
                raise RefusedError("Invalid API Token: token is expired", 403)
            return found.publisher

    def accept(self, upload: Upload, rules: Rules, *, is_full: bool = False) -> bool:
        """Store a file. False if the same file is stored already, which is not an error.

        The rules, their order and their texts are those of Warehouse's forklift/legacy.py.

        Args:
            is_full: Whether the project counts as full.
        """
        with self._lock:
            project = canonicalize_name(upload.first("name"))
            version = _version(upload, rules)
            _check_classifiers(upload, rules)
            _check_status(upload, rules.statuses.get(project, "active"))
            self._check_sizes(upload, project, rules, is_full=is_full)
            sha256 = _checked_digest(upload)
            if self._is_duplicate(upload, sha256, rules):
                return False
            release = f"{project} {canonicalize_version(version)}"
            self._check_age(release, rules)
            metadata = _distribution_metadata(upload, project, version)
            attestations = _attestations(upload, sha256, rules)
            self._add(upload, project, version, release, sha256, metadata, attestations, rules)
            return True

    def _check_sizes(self, upload: Upload, project: str, rules: Rules, *, is_full: bool) -> None:
        size = len(upload.content)
        shown = upload.first("name")
        if size > rules.file_limit:
            raise RefusedError(f"File too large. Limit for project {shown!r} is {rules.file_limit // MIB} MB. {_HELP}")
        limit = rules.limit_of(project)
        if is_full or size + sum(file.size for file in self.files_of(project, rules)) > limit:
            raise RefusedError(
                f"Project size too large. Limit for project {shown!r} total size is {limit // GIB} GB. {_HELP}"
            )

    def _is_duplicate(self, upload: Upload, sha256: str, rules: Rules) -> bool:
        present = [file for file in self._state.files if file.name not in rules.deleted]
        same = next((file for file in present if file.name == upload.name or file.sha256 == sha256), None)
        if same is not None:
            if (same.name, same.sha256) == (upload.name, sha256):
                return True
            digest = hashlib.blake2b(upload.content, digest_size=32).hexdigest()
            raise RefusedError(f"File already exists ({upload.name!r}, with blake2_256 hash {digest!r}). {_HELP}")
        if upload.name in self._state.names:
            raise RefusedError(
                "This filename was previously used by a file that has since been deleted. Use a different version. "
                + _HELP
            )
        return False

    def _check_age(self, release: str, rules: Rules) -> None:
        created = self._state.created.get(release)
        days = rules.maximum_age
        if days is not None and created is not None and created < self.now(rules) - days * _DAY:
            raise RefusedError(f"Uploading new files to releases older than {days:g} days is not allowed.")

    def _add(
        self,
        upload: Upload,
        project: str,
        version: str,
        release: str,
        sha256: str,
        metadata: bytes | None,
        attestations: list[Any] | None,
        rules: Rules,
    ) -> None:
        first = next((file for file in self._state.files if (file.project, file.version) == (project, version)), None)
        file = StoredFile(
            number=len(self._state.files) + 1,
            name=upload.name,
            project=project,
            version=version,
            sha256=sha256,
            size=len(upload.content),
            uploaded=self.now(rules),
            # The release has the metadata of its first file.
            requires_python=first.requires_python if first else upload.first("requires_python") or None,
            metadata_sha256=hashlib.sha256(metadata).hexdigest() if metadata is not None else None,
            attestations=attestations,
            publisher=upload.publisher,
        )
        target = self._files / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(upload.content)
        if metadata is not None:
            target.with_name(f"{file.name}.metadata").write_bytes(metadata)
        self._state.files.append(file)
        self._state.names.append(file.name)
        self._state.created.setdefault(release, file.uploaded)
        self._state.stepped += rules.clock_step
        self._write()

    def _write(self) -> None:
        write_bytes(self._path, json.dumps(asdict(self._state)).encode())


def _version(upload: Upload, rules: Rules) -> str:
    text = upload.first("version")
    try:
        version = Version(text)
    except InvalidVersion:
        raise RefusedError(f"{text!r} is an invalid value for Version. {_HELP}") from None
    if version.local and not rules.local_versions:
        raise RefusedError(f"The use of local versions in '{version}' is not allowed. {_HELP}")
    return str(version)


def _check_classifiers(upload: Upload, rules: Rules) -> None:
    if rules.classifiers is not None:
        for classifier in upload.fields.get("classifiers", ()):
            if classifier not in rules.classifiers:
                raise RefusedError(f"{classifier!r} is not a valid classifier. {_HELP}")


def _check_status(upload: Upload, status: str) -> None:
    """Refuse an archived project to all, and a quarantined one to trusted publishers, as Warehouse does."""
    if status.startswith("archived") or (status == "quarantined" and upload.publisher):
        who = "The given token" if upload.publisher else "The user 'alice'"
        raise RefusedError(f"{who} isn't allowed to upload to project {upload.first('name')!r}. {_HELP}", 403)


def _checked_digest(upload: Upload) -> str:
    sha256 = hashlib.sha256(upload.content).hexdigest()
    if upload.first("sha256_digest") not in ("", sha256):
        raise RefusedError("The digest supplied does not match a digest calculated from the uploaded file.")
    return sha256


def _distribution_metadata(upload: Upload, project: str, version: str) -> bytes | None:
    """Return the metadata of a wheel; None for an sdist. The name of the file must fit to both."""
    try:
        if upload.name.endswith(".whl"):
            name, found, _, _ = parse_wheel_filename(upload.name)
        else:
            name, found = parse_sdist_filename(upload.name)
    except (InvalidWheelFilename, InvalidSdistFilename) as err:
        raise RefusedError(str(err)) from None
    if name != project:
        raise RefusedError(f"Start filename for {upload.first('name')!r} with {project.replace('-', '_')!r}.")
    if str(found) != version:
        raise RefusedError(f"Version in filename should be {version!r} not {str(found)!r}.")
    if upload.name.endswith(".whl"):
        return _wheel_metadata(upload)
    expected = f"{project.replace('-', '_')}-{version}.tar.gz"
    if upload.name != expected:
        raise RefusedError(f"Filename {upload.name!r} is invalid, should be {expected!r}.")
    _check_sdist(upload)
    return None


def _wheel_metadata(upload: Upload) -> bytes:
    folder = "-".join(upload.name.split("-")[:2]) + ".dist-info"
    try:
        with zipfile.ZipFile(BytesIO(upload.content)) as archive:
            members = {name: archive.read(f"{folder}/{name}") for name in ("WHEEL", "METADATA", "RECORD")}
    except (zipfile.BadZipFile, KeyError) as err:
        raise RefusedError(f"Invalid distribution file. {err}") from None
    raw, _ = parse_email(members["METADATA"])
    if raw.get("version") != upload.first("version"):
        raise RefusedError("Invalid distribution file. METADATA has another version than the form.")
    return members["METADATA"]


def _check_sdist(upload: Upload) -> None:
    try:
        with tarfile.open(fileobj=BytesIO(upload.content), mode="r:gz") as archive:
            archive.getmember(f"{upload.name[: -len('.tar.gz')]}/PKG-INFO")
    except (tarfile.TarError, KeyError, EOFError, OSError) as err:
        raise RefusedError(f"Invalid distribution file. {err}") from None


def _attestations(upload: Upload, sha256: str, rules: Rules) -> list[Any] | None:
    """Return the attestations of the form. Their subject is checked, but not their signatures."""
    text = upload.first("attestations")
    if not text:
        return None
    try:
        found = json.loads(text)
        if not upload.publisher and rules.attestations_need_publisher:
            raise RefusedError("Attestations are only supported when using Trusted Publishing")
        if not isinstance(found, list) or not found:
            raise RefusedError("Malformed attestations: an empty attestation set is not permitted")
        if len(found) > _MOST_ATTESTATIONS:
            raise RefusedError(f"A maximum of {_MOST_ATTESTATIONS} attestations per file are supported")
        for attestation in found:
            statement = json.loads(base64.b64decode(attestation["envelope"]["statement"]))
            (subject,) = statement["subject"]
            if (subject["name"], subject["digest"]["sha256"]) != (upload.name, sha256):
                raise RefusedError(
                    "Could not verify the uploaded artifact using the included attestation: "
                    "subject does not match distribution digest"
                )
    except RefusedError as err:
        raise RefusedError(f"Invalid attestations supplied during upload: {err.text}") from None
    except (ValueError, KeyError, TypeError, binascii.Error) as err:
        raise RefusedError(f"Invalid attestations supplied during upload: Malformed attestations: {err!r}") from None
    return found
