"""Tests of the origins of a Python's headers, and of their content for a platform."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import tarfile
from pathlib import Path

import pytest
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import MissingInterpreterError
from spokeshave_pants.headers import rules as python_headers
from spokeshave_pants.headers.archives import PinnedArchiveError
from spokeshave_pants.headers.pyconfig import derived_pyconfig
from spokeshave_pants.headers.rules import PythonHeaders, PythonHeadersRequest
from spokeshave_pants.pythons import rules as interpreters
from spokeshave_pants.pythons.rules import Interpreters
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.toolchain.platforms import host_platform

WHERE = "the target //a:b"
LINUX = "manylinux_2_17_x86_64"
PATCHLEVEL = '#define PY_VERSION "3.12.7"\n'


def new_rule_runner(*options: str) -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *interpreters.rules(),
            *python_headers.rules(),
            *sandbox_rules(),
            QueryRule(Interpreters, []),
            QueryRule(PythonHeaders, [PythonHeadersRequest]),
        ]
    )
    suites = () if any("debian-suites" in option for option in options) else ("--python-headers-debian-suites={}",)
    runner.set_options([*OPTIONS, *options, *suites], env_inherit=INHERITED)
    return runner


def headers_of(runner: RuleRunner, version: str, tag: str = LINUX) -> tuple[PythonHeaders, dict[str, str]]:
    request = PythonHeadersRequest(PythonVersion.parse(version, where=WHERE), Platform.parse(tag), WHERE)
    headers = runner.request(PythonHeaders, [request])
    files = runner.request(DigestContents, [headers.digest])
    return headers, {file.path: file.content.decode() for file in files}


def refusal(runner: RuleRunner, version: str, tag: str = LINUX) -> SpokeshaveError:
    """Return the only error that a user sees."""
    with pytest.raises(ExecutionError) as caught:
        headers_of(runner, version, tag)
    (error,) = list(caught.value.wrapped_exceptions)
    assert isinstance(error, SpokeshaveError)
    return error


# Pinned archives.


def archive(folder: Path, name: str, files: dict[str, str]) -> Path:
    path = folder / name
    with tarfile.open(path, "w:gz") as file:
        for member, text in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(text)
            file.addfile(info, io.BytesIO(text.encode()))
    return path


def pin(path: Path, *, sha256: str | None = None, size: int | None = None) -> str:
    content = path.read_bytes()
    return f"file://{path}|{sha256 or hashlib.sha256(content).hexdigest()}|{len(content) if size is None else size}"


def pinning(entries: dict[str, str]) -> RuleRunner:
    return new_rule_runner(f"--python-headers-archives={entries}", "--wheel-pythons-search-path=[]")


def test_of_an_archive_for_several_versions_each_takes_its_own(tmp_path: Path) -> None:
    folders = {"3.9": "", "3.12": PATCHLEVEL}
    files = {f"python/include/python{version}/patchlevel.h": text for version, text in folders.items()}
    files.update({f"python/include/python{version}/Python.h": "" for version in folders})
    headers, found = headers_of(pinning({"3.12": pin(archive(tmp_path, "a.tar.gz", files))}), "3.12")
    assert found["patchlevel.h"] == PATCHLEVEL
    assert headers.origin.startswith("CPython 3.12.7")


@pytest.mark.parametrize("folder", ["python/include/python3.12", "python/include"])
def test_an_archive_serves_all_platforms_and_both_builds(folder: str, tmp_path: Path) -> None:
    files = {"Python.h": "// it", "patchlevel.h": PATCHLEVEL, "cpython/object.h": "// o", "pyconfig.h": "// foreign"}
    path = archive(tmp_path, "a.tar.gz", {f"{folder}/{name}": text for name, text in files.items()})
    runner = pinning({"3.12": pin(path)})
    for tag in (LINUX, "win_arm64", "macosx_11_0_universal2"):
        headers, found = headers_of(runner, "3.12", tag)
        assert sorted(found) == ["Python.h", "cpython/object.h", "patchlevel.h", "pyconfig.h"]
        assert found["pyconfig.h"] == derived_pyconfig(Platform.parse(tag), PythonVersion(12))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert headers.pinned
        assert headers.origin == (
            f"CPython 3.12.7 headers of a.tar.gz (sha256 {sha256[:12]}); pyconfig.h derived for 3.12 on {tag}"
        )


def test_a_wrong_hash_or_size_is_reported_with_both_values(tmp_path: Path) -> None:
    path = archive(tmp_path, "a.tar.gz", {"python/include/Python.h": ""})
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    size = len(content)
    for wrong, expected, found in (
        (pin(path, sha256="0" * 64), f"sha256 {'0' * 64}, {size} bytes", f"sha256 {actual}, {size} bytes"),
        (pin(path, size=size + 1), f"sha256 {actual}, {size + 1} bytes", f"sha256 {actual}, {size} bytes"),
        (pin(path, size=size - 1), f"sha256 {actual}, {size - 1} bytes", "a larger file"),
    ):
        error = refusal(pinning({"3.12": wrong}), "3.12")
        assert isinstance(error, PinnedArchiveError)
        assert "`[python-headers].archives` pins file://" in str(error)
        assert "for Python 3.12" in str(error)
        assert f"pinned: {expected}\n" in str(error)
        assert f"found:  {found}\n" in str(error)


def test_a_missing_archive_is_reported_with_its_address(tmp_path: Path) -> None:
    error = refusal(pinning({"3.12": f"file://{tmp_path}/none.tar.gz|{'0' * 64}|12"}), "3.12")
    assert isinstance(error, PinnedArchiveError)
    assert f"pins file://{tmp_path}/none.tar.gz for Python 3.12, but it cannot be downloaded" in str(error)


def test_an_archive_without_headers_is_refused(tmp_path: Path) -> None:
    for files in ({"other/Python.h": ""}, {"python/include/python3.12/object.h": ""}):
        error = refusal(pinning({"3.12": pin(archive(tmp_path, "a.tar.gz", files))}), "3.12")
        assert isinstance(error, PinnedArchiveError)
        assert "`python/include/python3.12/Python.h` nor `python/include/Python.h`" in str(error)


def test_an_invalid_archive_is_refused_with_tars_message(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("<html>Not found</html>")
    error = refusal(pinning({"3.12": pin(tmp_path / "a.tar.gz")}), "3.12")
    assert isinstance(error, PinnedArchiveError)
    assert "tar said: " in str(error)


def test_an_archive_of_another_version_is_refused(tmp_path: Path) -> None:
    files = {"python/include/Python.h": "", "python/include/patchlevel.h": PATCHLEVEL}
    error = refusal(pinning({"3.11": pin(archive(tmp_path, "a.tar.gz", files))}), "3.11")
    assert "are for Python 3.12.7, not 3.11" in str(error)


def test_a_malformed_entry_is_refused_for_any_request() -> None:
    error = refusal(pinning({"3.14": "here", "3.12:win32": f"file:///x|{'0' * 64}|1"}), "3.10")
    assert isinstance(error, PinnedArchiveError)
    assert "in '3.14'," in str(error)
    assert "in '3.12:win32'," in str(error)
    assert "URL|SHA256|BYTES" in str(error)


# A pinned release in Debian's package: 3.11.2 as long as bookworm has it.

BOOKWORM = "3.11.2"
BOOKWORM_SHA256 = "4d4420d02226cf36e418c3709d11f1a185f2322f21f8439f69ffeb57705ddd2a"


@pytest.mark.parametrize("sha256", [BOOKWORM_SHA256, "0" * 64], ids=["same", "other"])
def test_debians_package_serves_a_pinned_release_by_hash(sha256: str) -> None:
    runner = new_rule_runner(
        "--python-headers-debian-suites={'3.11': 'bookworm'}",
        f"--python-headers-releases={{'3.11': '{BOOKWORM}|{sha256}'}}",
        "--wheel-pythons-search-path=[]",
    )
    headers, found = headers_of(runner, "3.11")
    assert '"3.11.2"' in found["patchlevel.h"]
    assert headers.pinned == (sha256 == BOOKWORM_SHA256)
    source = (
        f"the pinned release (sha256 {sha256[:12]})" if headers.pinned else "Debian bookworm (libpython3.11-dev 3.11.2-"
    )
    assert headers.origin.startswith(f"CPython 3.11.2 headers of {source}")


# Interpreters of this machine.

TESTED = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b(.*)$", re.MULTILINE)
OLDEST = (8, 0)
DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]*(.*?)[ \t]*$", re.MULTILINE)
# Properties of a machine's interpreter that do not belong to a platform: with tracing, as a shared library, and with
# ncurses and libcrypt, which are neither in the C library nor in the toolchain.
BUILDERS_CHOICE = re.compile(
    r"WITH_DTRACE|HAVE_CRYPT_\w+|Py_ENABLE_SHARED|\w*CURSES\w*|MVWDELCH_IS_EXPRESSION|WINDOW_HAS_FLAGS"
)


@pytest.fixture(scope="module")
def machine() -> RuleRunner:
    return new_rule_runner()


def real_pyconfig(folder: Path) -> str:
    """Return the text of a `pyconfig.h`. Debian's includes the one of the processor, in another folder."""
    text = (folder / "pyconfig.h").read_text()
    processor_header = re.search(rf"include <({platform.machine()}-linux-gnu/\S+)>", text)
    return (folder.parent / processor_header[1]).read_text() if processor_header else text


def test_derived_pyconfig_agrees_with_the_real_one(machine: RuleRunner) -> None:
    host = host_platform()
    interpreters = [
        found for found in machine.request(Interpreters, []).found if found.include and found.patch >= OLDEST
    ]
    assert interpreters
    for interpreter in interpreters:
        folder = Path(str(interpreter.include))
        public = [path for path in folder.rglob("*.h") if "internal" not in path.parts and path.name != "pyconfig.h"]
        conditions = " ".join(part for path in public for part in TESTED.findall(path.read_text(errors="replace")))
        real = dict(DEFINED.findall(real_pyconfig(folder)))
        derived = dict(DEFINED.findall(derived_pyconfig(host, interpreter.feature)))
        tested = {name for name in re.findall(r"\w+", conditions) if not BUILDERS_CHOICE.fullmatch(name)}
        # Set by the real file under a condition of the compiler's own.
        tested -= {"WORDS_BIGENDIAN"}
        named = sorted(tested & (real.keys() | derived.keys()))
        assert len(named) > 15
        assert {n: derived.get(n) for n in named} == {n: real.get(n) for n in named}, interpreter.version


def test_an_interpreters_headers_serve_all_platforms(machine: RuleRunner) -> None:
    interpreter = machine.request(Interpreters, []).with_headers(PythonVersion(13))
    assert interpreter is not None
    for version, tag in (("3.13", "win_amd64"), ("3.13t", "musllinux_1_2_aarch64")):
        headers, found = headers_of(machine, version, tag)
        assert not headers.pinned
        assert headers.origin == (
            f"CPython {interpreter.version} headers of this machine, not pinned; "
            f"pyconfig.h derived for {version} on {tag}"
        )
        assert found["Python.h"] == (Path(str(interpreter.include)) / "Python.h").read_text()
        assert ("Py_GIL_DISABLED" in found["pyconfig.h"]) == (version == "3.13t")


def test_an_unavailable_python_is_reported_with_a_remedy() -> None:
    error = refusal(new_rule_runner("--wheel-pythons-search-path=[]"), "3.14t")
    assert isinstance(error, MissingInterpreterError)
    assert f"{WHERE} needs the headers of Python 3.14t, but this machine does not have them" in str(error)
    assert "pyenv install 3.14" in str(error)
    assert "`[python-headers].archives`" in str(error)
    assert os.linesep not in str(error)
