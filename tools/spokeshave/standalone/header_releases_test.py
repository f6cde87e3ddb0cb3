"""Tests of the fixed path of a release's headers, and of the check of their hash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave.standalone.header_releases import MISSING, OTHER, headers_hash, main

FILES = {"Python.h": "#pragma once\n", "cpython/object.h": "int object;\n", "cpython.h": "int sorted;\n"}


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    """Return an interpreter's folder of headers."""
    for path, text in {**FILES, "pyconfig.h": "of this machine\n"}.items():
        file = tmp_path / "machine/python3.12" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "cache").mkdir()
    return tmp_path / "machine/python3.12"


def test_the_hash_is_what_the_documented_command_prints(headers: Path) -> None:
    command = "find . -name '*.h' ! -name pyconfig.h | LC_ALL=C sort | xargs sha256sum | sha256sum"
    shell_output = subprocess.run(
        ["bash", "-c", command], cwd=headers, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert headers_hash(headers) == shell_output.split()[0]


def test_headers_with_the_pinned_hash_are_copied(
    tmp_path: Path, headers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = str(tmp_path / "cache")
    output = tmp_path / "include"
    assert main(["link", cache, "3.12.1", str(headers)]) == 0
    assert main(["link", cache, "3.12.1", str(headers)]) == 0  # like another run
    pinned = headers_hash(headers)
    assert main(["copy", cache, "3.12.1", pinned, str(output)]) == 0
    assert capsys.readouterr().out == pinned
    assert (output / "cpython/object.h").read_text() == "int object;\n"


def test_other_headers_are_refused_with_their_hash(
    tmp_path: Path, headers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = str(tmp_path / "cache")
    main(["link", cache, "3.12.1", str(headers)])
    assert main(["copy", cache, "3.12.1", "0" * 64, str(tmp_path / "include")]) == OTHER
    assert capsys.readouterr().out == headers_hash(headers)


def test_a_release_that_the_machine_does_not_have_is_missing(tmp_path: Path, headers: Path) -> None:
    cache = str(tmp_path / "cache")
    assert main(["copy", cache, "3.12.1", headers_hash(headers), str(tmp_path / "include")]) == MISSING
