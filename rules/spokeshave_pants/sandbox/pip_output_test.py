"""Tests of the errors from pip's output about hashes and missing files."""

from __future__ import annotations

from spokeshave_pants.sandbox.pip_output import missing_wheels, without_wheel, wrong_hashes

PIP = """\
pid 7644 -> /venv/bin/python /venv/pex --log /tmp/x/pip.log download --requirement r.txt exited with 1 and STDERR:
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, \
please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    pybind11==2.13.6 from https://files.example.org/13/2f/pybind11-2.13.6-py3-none-any.whl#sha256=237c \
(from -r r.txt (line 1)):
        Expected sha256 0000
        Expected     or 1111
             Got        237c
    numpy==2.0.2 from https://files.example.org/numpy-2.0.2.tar.gz (from -r r.txt (line 3)):
        Expected sha256 2222
             Got        883c
"""


def test_wrong_hashes_are_reported_per_package() -> None:
    message = wrong_hashes(PIP)
    assert message is not None
    assert message.splitlines()[1:7] == [
        "  * pybind11==2.13.6 (pybind11-2.13.6-py3-none-any.whl)",
        "    pinned: sha256 0000 or 1111",
        "    got: 237c",
        "  * numpy==2.0.2 (numpy-2.0.2.tar.gz)",
        "    pinned: sha256 2222",
        "    got: 883c",
    ]
    assert "uv pip compile --generate-hashes" in message


def test_no_address_and_no_path_of_the_sandbox_is_shown() -> None:
    message = wrong_hashes(PIP) or ""
    assert "https:" not in message
    assert "/tmp" not in message


def test_other_failures_of_pip_are_not_taken_for_wrong_hashes() -> None:
    assert wrong_hashes("") is None
    assert wrong_hashes("ERROR: No matching distribution found for pybind11==99") is None


NO_WHEEL = """\
ERROR: Could not find a version that satisfies the requirement numpy==2.5.5 (from versions: none)
ERROR: No matching distribution found for numpy==2.5.5
"""
UNREACHABLE = """\
WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'NewConnectionError(...)': /simple/numpy/
"""


def test_a_wheel_is_missing_only_if_the_index_answered() -> None:
    assert without_wheel(NO_WHEEL)
    assert not without_wheel(UNREACHABLE + NO_WHEEL)
    assert not without_wheel(PIP)


def by_newer_pex(stderr: str) -> str:
    """Return pip's lines as pex 2.97 prints them."""
    return "".join(line if line.startswith("pid ") else f"pip: {line}" for line in stderr.splitlines(keepends=True))


def test_the_lines_of_a_newer_pex_mean_the_same() -> None:
    assert by_newer_pex(NO_WHEEL).startswith("pip: ERROR: ")
    assert without_wheel(by_newer_pex(NO_WHEEL))
    assert not without_wheel(by_newer_pex(UNREACHABLE + NO_WHEEL))
    assert wrong_hashes(by_newer_pex(PIP)) == wrong_hashes(PIP)


def test_missing_wheels_are_listed_without_the_output_of_pip() -> None:
    for output in (NO_WHEEL, by_newer_pex(NO_WHEEL)):
        text = missing_wheels(output, "3.11")
        assert text.startswith("No index has a wheel of these for Python 3.11 and the platform:\n  * numpy==2.5.5\n")
        assert "--python-version 3.11`" in text
