"""Attestations (PEP 740) next to the files of a release: found, compared with their files, and verified offline.

An attestation is signed by a CI job for one file name and one sha256. We never sign: what CI made is sent as it is, to
every destination. Signatures are verified by PyPI's own library, `pypi-attestations`, which needs Python 3.10 or newer.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import importlib.util
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from spokeshave.files import sha256_of_file
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

SUFFIX = ".attestation"
# The kinds that PyPI accepts, each at most once, by the paths of their URLs.
_KINDS = ("/attestations/publish/v1", "/provenance/v1")
# Fulcio's extension "Source Repository URI" of a certificate.
_REPOSITORY_OID = "1.3.6.1.4.1.57264.1.12"
_LIBRARY = "pypi_attestations"
_MAKE_AGAIN = "Let the CI job that made the file attest it again, or remove the attestations of all files."
_INSTALL = (
    "Install it with `pip install spokeshave[attest]`, on Python 3.10 or newer, "
    "or remove the attestations of all files."
)


class InvalidAttestationError(SpokeshaveError):
    """An attestation that is malformed, or for another file."""


@dataclass(frozen=True)
class Attestation:
    """An attestation in a file.

    Attributes:
        text: The JSON of PEP 740.
        name: The file name that it is for.
        sha256: The digest that it is for.
        kind: Its predicate type.
    """

    path: Path
    text: str
    name: str
    sha256: str
    kind: str


def find_attestations(file: Path, folder: Path | None = None) -> tuple[Path, ...]:
    """Return the attestations of a file: `NAME.publish.attestation`, and any `NAME.*.attestation`.

    Args:
        folder: The folder of attestations; by default that of the file.
    """
    prefix = f"{file.name}."
    paths = (folder or file.parent).glob(f"*{SUFFIX}")
    return tuple(sorted(path for path in paths if path.name.startswith(prefix)))


def verify_attestations(
    files: Sequence[Path], folder: Path | None = None, repository: str | None = None
) -> list[Problem]:
    """Return all that is wrong with the attestations of a release's files. Nothing is wrong if no file has any.

    Args:
        folder: The folder of attestations; by default that of each file.
        repository: The URL of the repository whose job must have signed, such as `https://github.com/abacus/abacus`.
            By default any may have, but the same one for all files.
    """
    found = {file: find_attestations(file, folder) for file in files}
    problems = Problems()
    attestations: dict[Path, list[Attestation]] = {}
    for file, paths in found.items():
        if not paths and any(found.values()):
            message = "has no attestation, but other files of the release have"
            problems.add(file.name, message, f"Add {file.name}.publish{SUFFIX}, or remove those of all files.")
        with problems.collecting():
            attestations[file] = read_attestations(file, paths)
    if any(found.values()):
        with problems.collecting():
            _verify_all(attestations, repository)
    return list(problems.as_error(InvalidAttestationError).problems)


def read_attestations(file: Path, paths: Sequence[Path]) -> list[Attestation]:
    """Return the attestations of a file, which must be for its name and its bytes. Signatures are not verified.

    Raises:
        InvalidAttestationError: For all problems.
    """
    problems = Problems()
    found: list[Attestation] = []
    digest = sha256_of_file(file)[0] if paths else ""
    for path in paths:
        with problems.collecting():
            attestation = _read(path)
            _check_subject(attestation, file.name, digest)
            found.append(attestation)
    kinds = [attestation.kind for attestation in found]
    for kind in sorted(set(kinds)):
        if not _is_known(kind):
            problems.add(
                file.name, f"has an attestation of the unknown kind {kind}", f"Use one of {', '.join(_KINDS)}."
            )
        elif kinds.count(kind) > 1:
            problems.add(file.name, f"has two attestations of the kind {kind}", "Keep one: an index accepts no second.")
    problems.raise_if_any(InvalidAttestationError)
    return found


def _is_known(kind: str) -> bool:
    try:
        return urlsplit(kind).path in _KINDS
    except ValueError:
        return False


def _read(path: Path) -> Attestation:
    try:
        text = path.read_text("utf-8")
        statement = parse_any(base64.b64decode(parse_any(text)["envelope"]["statement"], validate=True))
        (subject,) = statement["subject"]
        return Attestation(
            path=path,
            text=text,
            name=str(subject["name"]),
            sha256=str(subject["digest"]["sha256"]),
            kind=str(statement["predicateType"]),
        )
    except OSError as err:
        raise InvalidAttestationError(
            Problem(str(path), f"cannot be read ({err.strerror})", "Check the path.")
        ) from err
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as err:
        raise InvalidAttestationError(Problem(path.name, "is not an attestation of PEP 740", _MAKE_AGAIN)) from err


def _check_subject(attestation: Attestation, name: str, sha256: str) -> None:
    """Raise if an attestation is for another file, such as the release candidate that a wheel was promoted from."""
    if attestation.name != name:
        message = f"is for another file, {attestation.name}"
    elif attestation.sha256 != sha256:
        message = f"is for other bytes of {name}: sha256 {attestation.sha256}, and the file has {sha256}"
    else:
        return
    raise InvalidAttestationError(Problem(attestation.path.name, message, _MAKE_AGAIN))


def _verify_all(attestations: Mapping[Path, Sequence[Attestation]], repository: str | None) -> None:
    """Verify signatures, certificates and the entries in the transparency log, without network.

    Raises:
        InvalidAttestationError: For all that are wrong.
    """
    if importlib.util.find_spec(_LIBRARY) is None:
        message = "the attestations cannot be verified: the library pypi-attestations is not installed"
        raise InvalidAttestationError(Problem("attestations", message, _INSTALL))
    problems = Problems()
    signers: dict[str, str] = {}
    for file, each in attestations.items():
        for attestation in each:
            with problems.collecting():
                signers[attestation.path.name] = _verify(attestation, file, repository)
    if len(set(signers.values())) > 1:
        listed = ", ".join(f"{name} by {signer}" for name, signer in sorted(signers.items()))
        problems.add("attestations", f"were signed for different repositories: {listed}", _MAKE_AGAIN)
    problems.raise_if_any(InvalidAttestationError)


def _verify(attestation: Attestation, file: Path, repository: str | None) -> str:
    """Verify one attestation, and return the URL of the repository whose job signed it."""
    import pypi_attestations  # pants: no-infer-dep
    from sigstore.verify import policy  # pants: no-infer-dep

    try:
        signed = pypi_attestations.Attestation.model_validate_json(attestation.text)
        signer = signed.certificate_claims.get(_REPOSITORY_OID)
        expected = repository.rstrip("/") if repository else signer
        identity = policy.OIDCSourceRepositoryURI(expected) if expected else policy.UnsafeNoOp()
        with _silence("sigstore"):
            signed.verify(identity, pypi_attestations.Distribution.from_file(file), offline=True)
    except ValueError as err:
        # The library's errors are subclasses, and those of pydantic too.
        reason = " ".join(str(err).split())
        message = f"does not verify{f' for {repository}' if repository else ''}: {reason}"
        raise InvalidAttestationError(Problem(attestation.path.name, message, _MAKE_AGAIN)) from err
    return signer or "an unknown repository"


@contextlib.contextmanager
def _silence(name: str) -> Iterator[None]:
    """Suppress the warnings of a library, such as that it uses no network."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
