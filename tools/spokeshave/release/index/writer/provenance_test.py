from __future__ import annotations

import base64
import json

import pytest

from spokeshave.release.index.writer.provenance import render_provenance

BUILD_CONFIG = bytes.fromhex("060a2b0601040183bf300112")


def element(kind: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([kind]) + length + content


def attestation(url: str, number: int = 1) -> str:
    """Return an attestation whose certificate has the extension of a CI job."""
    certificate = b"\x30\x82..." + BUILD_CONFIG + element(0x04, element(0x0C, url.encode())) + b"..."
    return json.dumps({"n": number, "verification_material": {"certificate": base64.b64encode(certificate).decode()}})


GITHUB = "https://github.com/abacus/abacus/.github/workflows/release.yml@refs/tags/v3.12.0"
LONG = "https://github.com/abacus/" + "a" * 200 + "/.github/workflows/release.yml@refs/heads/main"


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        (GITHUB, {"kind": "GitHub", "repository": "abacus/abacus", "workflow": "release.yml", "environment": None}),
        (LONG, {"kind": "GitHub", "repository": f"abacus/{'a' * 200}", "workflow": "release.yml", "environment": None}),
        (
            "https://gitlab.example.org/group/sub/abacus//ci/release.yml@refs/heads/main",
            {
                "kind": "GitLab",
                "repository": "group/sub/abacus",
                "workflow_filepath": "ci/release.yml",
                "environment": None,
            },
        ),
        ("https://ci.example.org/jobs/3", {"kind": "unknown"}),
        ("https://[ci.example.org/jobs/3", {"kind": "unknown"}),
    ],
)
def test_the_publisher_is_the_ci_job_of_the_certificate(url: str, publisher: dict[str, object]) -> None:
    provenance = json.loads(render_provenance([attestation(url)]))
    (bundle,) = provenance["attestation_bundles"]
    assert provenance["version"] == 1
    assert bundle["publisher"] == {**publisher, "claims": None}
    assert bundle["attestations"] == [json.loads(attestation(url))]


def test_each_publisher_has_a_bundle() -> None:
    texts = [attestation(GITHUB), attestation("https://ci.example.org/", 2), attestation(GITHUB, 3)]
    bundles = json.loads(render_provenance(texts))["attestation_bundles"]
    assert [[each["n"] for each in bundle["attestations"]] for bundle in bundles] == [[1, 3], [2]]


@pytest.mark.parametrize("text", ["{}", '{"verification_material": {"certificate": "MII="}}', "[]"])
def test_without_a_certificate_the_publisher_is_unknown(text: str) -> None:
    (bundle,) = json.loads(render_provenance([text]))["attestation_bundles"]
    assert bundle["publisher"] == {"kind": "unknown", "claims": None}
