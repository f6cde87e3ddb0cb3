"""The provenance of a file (PEP 740): its attestations, and the CI job that signed them.

Who signed is read from the certificate without a library, and not verified: `release check` verifies signatures.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from spokeshave_core.json_values import parse_any

# Fulcio's extension "Build Config URI" of a certificate: an object identifier in DER.
_BUILD_CONFIG = b"\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x12"
_OCTET_STRING = 0x04
_UTF8_STRING = 0x0C
_LONG_LENGTH = 0x80
_GITHUB_FOLDER = "/.github/workflows/"
# Between a project of GitLab, which may be in groups, and the file of its pipeline.
_GITLAB_SEPARATOR = "//"


def render_provenance(attestations: Sequence[str]) -> bytes:
    """Return the provenance of a file.

    Args:
        attestations: The JSON of each, which has been checked to be for the file.
    """
    bundles: dict[str, list[object]] = {}
    for text in attestations:
        attestation = parse_any(text)
        bundles.setdefault(json.dumps(_publisher(attestation), sort_keys=True), []).append(attestation)
    listed = [{"publisher": parse_any(publisher), "attestations": found} for publisher, found in bundles.items()]
    return json.dumps({"version": 1, "attestation_bundles": listed}, sort_keys=True).encode()


def _publisher(attestation: object) -> dict[str, object]:
    """Return the CI job that signed an attestation, as PyPI writes it."""
    try:
        url = urlsplit(next(_build_configs(attestation), "").partition("@")[0])
    except ValueError:
        # Its host is not one.
        return {"kind": "unknown", "claims": None}
    repository, found, workflow = url.path.partition(_GITHUB_FOLDER)
    if found and url.hostname == "github.com":
        job = {"kind": "GitHub", "repository": repository.strip("/"), "workflow": workflow}
        return {**job, "environment": None, "claims": None}
    repository, found, workflow = url.path.partition(_GITLAB_SEPARATOR)
    if found:
        job = {"kind": "GitLab", "repository": repository.strip("/"), "workflow_filepath": workflow}
        return {**job, "environment": None, "claims": None}
    return {"kind": "unknown", "claims": None}


def _build_configs(attestation: object) -> Iterator[str]:
    """Yield the URL of the file that configured the CI job."""
    try:
        data = base64.b64decode(attestation["verification_material"]["certificate"])  # type: ignore[index]
        start = data.index(_BUILD_CONFIG) + len(_BUILD_CONFIG)
        yield _content(_content(data[start:], _OCTET_STRING), _UTF8_STRING).decode()
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error):
        return


def _content(data: bytes, kind: int) -> bytes:
    """Return the content of the element of DER at the beginning of some bytes, which is of a kind."""
    length = data[1]
    start = 2
    if length >= _LONG_LENGTH:
        start += length - _LONG_LENGTH
        length = int.from_bytes(data[2:start], "big")
    if data[0] != kind:
        raise ValueError("it is of another kind")
    return data[start : start + length]
