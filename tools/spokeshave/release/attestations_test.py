from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from spokeshave.release.attestations import (
    InvalidAttestationError,
    find_attestations,
    read_attestations,
    verify_attestations,
)

PUBLISH = "https://docs.example.org/attestations/publish/v1"
SLSA = "https://slsa.dev/provenance/v1"


def wheel_of(folder: Path, version: str = "1.0", content: bytes = b"a wheel") -> Path:
    path = folder / f"demo-{version}-py3-none-any.whl"
    path.write_bytes(content)
    return path


def attest(file: Path, place: Path | None = None, kind: str = PUBLISH, suffix: str = "publish") -> Path:
    """Write an attestation for a file, without a signature."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    statement = {"subject": [{"name": file.name, "digest": {"sha256": sha256}}], "predicateType": kind}
    encoded = base64.b64encode(json.dumps(statement).encode()).decode()
    path = (place or file).with_name(f"{(place or file).name}.{suffix}.attestation")
    path.write_text(json.dumps({"version": 1, "envelope": {"statement": encoded, "signature": ""}}))
    return path


def test_attestations_are_next_to_the_file_or_in_a_folder(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    expected = [attest(wheel), attest(wheel, suffix="slsa")]
    attest(wheel_of(tmp_path, "1.0.1"))
    (tmp_path / "other").mkdir()
    assert list(find_attestations(wheel)) == expected
    assert list(find_attestations(tmp_path / "other" / wheel.name, tmp_path)) == expected
    assert find_attestations(tmp_path / "other" / wheel.name) == ()


def test_an_attestation_is_read_with_its_subject(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    paths = [attest(wheel), attest(wheel, kind=SLSA, suffix="slsa")]
    found = read_attestations(wheel, paths)
    assert [(each.path, each.name, each.kind) for each in found] == [
        (paths[0], wheel.name, PUBLISH),
        (paths[1], wheel.name, SLSA),
    ]
    assert {each.sha256 for each in found} == {hashlib.sha256(b"a wheel").hexdigest()}


def test_the_attestation_of_a_candidate_is_not_the_finals(tmp_path: Path) -> None:
    candidate = wheel_of(tmp_path, "1.0rc1")
    final = wheel_of(tmp_path, "1.0")
    path = attest(candidate, final)
    with pytest.raises(InvalidAttestationError, match=r"is for another file, demo-1\.0rc1-py3-none-any\.whl"):
        read_attestations(final, [path])


def test_an_attestation_of_other_bytes_is_refused(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    path = attest(wheel)
    wheel_of(tmp_path, content=b"other bytes")
    with pytest.raises(InvalidAttestationError, match="is for other bytes of demo"):
        read_attestations(wheel, [path])


def test_an_index_accepts_one_attestation_of_a_known_kind(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    unknown = ("mine", "https://[mine")
    paths = [
        attest(wheel),
        attest(wheel, suffix="again"),
        *(attest(wheel, kind=kind, suffix=kind[-5:]) for kind in unknown),
    ]
    with pytest.raises(InvalidAttestationError) as raised:
        read_attestations(wheel, paths)
    assert [problem.message for problem in raised.value.problems] == [
        "has an attestation of the unknown kind https://[mine",
        f"has two attestations of the kind {PUBLISH}",
        "has an attestation of the unknown kind mine",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"envelope": {"statement": "e30="}}', '{"envelope": {"statement": "?"}}']
)
def test_a_malformed_attestation_is_refused(tmp_path: Path, text: str) -> None:
    wheel = wheel_of(tmp_path)
    path = attest(wheel)
    path.write_text(text)
    with pytest.raises(InvalidAttestationError, match="is not an attestation of PEP 740"):
        read_attestations(wheel, [path])


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    wheels = [wheel_of(tmp_path, f"1.{number}", b"%d" % number) for number in range(3)]
    attest(wheels[0]).write_text("{}")
    attest(wheels[1])
    wheels[1].write_bytes(b"changed")
    places = [problem.place for problem in verify_attestations(wheels)]
    assert places[:3] == [
        f"{wheels[0].name}.publish.attestation",
        f"{wheels[1].name}.publish.attestation",
        wheels[2].name,
    ]


def test_files_without_attestations_have_no_problem(tmp_path: Path) -> None:
    assert verify_attestations([wheel_of(tmp_path)]) == []


def test_what_cannot_be_verified_is_an_error(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    attest(wheel)
    (problem,) = verify_attestations([wheel])
    # These tests run on CPython 3.9, for which there is no such library.
    assert importlib.util.find_spec("pypi_attestations") is None
    assert "the library pypi-attestations is not installed" in problem.message
    assert "pip install spokeshave[attest]" in problem.remedy
