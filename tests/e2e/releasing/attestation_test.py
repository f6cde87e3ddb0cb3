"""Attestations of a real release are verified offline, by PyPI's library in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.support.project import REPOSITORY, Environment, install_pinned
from e2e.support.upstream import fetch_files

HERE = Path(__file__).parent
PROJECT = "https://github.com/pypa/sampleproject"
VERIFY = """
import json, sys
from pathlib import Path
from spokeshave.release.attestations import verify_attestations
files = [Path(argument) for argument in sys.argv[2:]]
print(json.dumps([str(problem) for problem in verify_attestations(files, repository=sys.argv[1] or None)]))
"""


@dataclass(frozen=True)
class Verifier:
    environment: Environment
    sdist: Path

    def attested(self, folder: Path, name: str | None = None) -> Path:
        """Return a copy of the sdist with its attestation next to it."""
        folder.mkdir(exist_ok=True)
        file = Path(shutil.copy(self.sdist, folder / (name or self.sdist.name)))
        shutil.copy(HERE / "sampleproject.attestation", f"{file}.publish.attestation")
        return file

    def problems(self, *files: Path, repository: str = "") -> Any:
        """Return the problems that the library finds, and check that nothing else is printed."""
        result = subprocess.run(
            [self.environment.python, "-c", VERIFY, repository, *files],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
        return json.loads(result.stdout)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    root = tmp_path_factory.mktemp("attest")
    sdist = fetch_files(HERE / "attested.txt", root)["sampleproject"]
    pins = REPOSITORY / "3rdparty/python/attest.txt"
    return Verifier(install_pinned(root / "environment", "3.12", pins), sdist)


@pytest.mark.parametrize("repository", [PROJECT, f"{PROJECT}/", ""])
def test_a_real_attestation_verifies_offline(tmp_path: Path, verifier: Verifier, repository: str) -> None:
    assert verifier.problems(verifier.attested(tmp_path), repository=repository) == []


def test_another_repository_is_refused(tmp_path: Path, verifier: Verifier) -> None:
    (problem,) = verifier.problems(verifier.attested(tmp_path), repository="https://github.com/abacus/abacus")
    assert "does not verify for https://github.com/abacus/abacus: " in problem
    assert f"got {PROJECT}" in problem


def test_one_byte_more_is_refused(tmp_path: Path, verifier: Verifier) -> None:
    file = verifier.attested(tmp_path)
    with file.open("ab") as stream:
        stream.write(b"\0")
    (problem,) = verifier.problems(file, repository=PROJECT)
    assert "is for other bytes of sampleproject-4.0.0.tar.gz" in problem


def test_a_changed_signature_is_refused(tmp_path: Path, verifier: Verifier) -> None:
    file = verifier.attested(tmp_path)
    path = Path(f"{file}.publish.attestation")
    document = json.loads(path.read_text())
    signature = document["envelope"]["signature"]
    document["envelope"]["signature"] = f"{signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
    path.write_text(json.dumps(document))
    (problem,) = verifier.problems(file)
    assert "does not verify: " in problem


def test_what_is_not_an_attestation_of_the_library_is_said(tmp_path: Path, verifier: Verifier) -> None:
    file = verifier.attested(tmp_path)
    path = Path(f"{file}.publish.attestation")
    document = json.loads(path.read_text())
    del document["verification_material"]
    path.write_text(json.dumps(document))
    (problem,) = verifier.problems(file)
    assert "verification_material" in problem
