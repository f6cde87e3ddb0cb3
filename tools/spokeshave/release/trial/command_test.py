"""Tests of `release try` with the real pip and a server with PyPI's rules."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.report_fixtures import read_report
from spokeshave_core.outcomes import Outcome
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord
from spokeshave_core.release.trial import TrialReport

VERSION = "1.0rc1"
OTHER = "cp312-cp312-win_amd64"
# A tag such as py3 or cp312 does not say whether a Python fulfils this.
REQUIRES_PYTHON = "Requires-Python: >=3.9.1\n"
NEEDS_RUNTIME = f"Requires-Dist: demo-runtime=={VERSION}\n"
SCRIPT = "[console_scripts]\ndemo = demo_compiler:main\n"
COMPILER = "import demo_runtime\n\n\ndef main():\n    print('demo', demo_runtime.VALUE)\n"


@dataclass(frozen=True)
class Published:
    """A release of two projects, as sealed and on an index."""

    server: PypiLike
    wheels: Path
    record: Path

    def try_it(self, *options: str) -> tuple[int, TrialReport]:
        report = self.record / "trial.json"
        arguments = ("release", "try", str(self.record), "--from", self.server.simple_url, "--report", str(report))
        code = main([*arguments, "--python", sys.executable, *options])
        return code, read_report(TrialReport, report)

    def publish(self, *wheels: Path) -> None:
        with open_destination(self.server.upload_url, DestinationOptions(), self.server.variables) as index:
            for wheel in wheels:
                index.send(wheel)


def wheel(folder: Path, name: str, *, version: str = VERSION, tag: str = "py3-none-any", code: str = "") -> Path:
    module = name.replace("-", "_")
    files: dict[str, bytes | str | Path] = {f"{module}/__init__.py": code}
    if name == "demo-compiler":
        files["dist-info/entry_points.txt"] = SCRIPT
    lines = REQUIRES_PYTHON + (NEEDS_RUNTIME if name == "demo-compiler" else "")
    return build_wheel(folder, files, tag, name=module, version=version, metadata_lines=lines)


def seal(folder: Path, wheels: list[Path], version: str = VERSION) -> Path:
    """Write the manifest of a record."""
    files = tuple(
        ReleaseFile(
            name=path.name,
            project=parse_wheel_filename(path.name)[0],
            sha256=sha256_of_file(path)[0],
            size=path.stat().st_size,
            payload_sha256=None,
            metadata_sha256=None,
        )
        for path in sorted(wheels)
    )
    record = ReleaseRecord(
        name="demo",
        version=version,
        channel="rc",
        commit=None,
        projects={file.project: ReleaseProject(version) for file in files},
        files=files,
    )
    folder.mkdir()
    (folder / "release.json").write_text(record.to_json())
    return folder


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Published]:
    with pypi_like(tmp_path / "pypi") as server:
        folder = tmp_path / "wheels"
        folder.mkdir()
        wheels = [
            wheel(folder, "demo-runtime", code="VALUE = 42\n"),
            wheel(folder, "demo-compiler", code=COMPILER),
        ]
        release = Published(server, folder, seal(tmp_path / "record", wheels))
        release.publish(*wheels)
        yield release


def test_the_release_is_installed_from_the_index(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = published.try_it()
    assert code == 0
    assert [file.outcome for file in report.resolved] == [Outcome.PASSED] * 2
    (run,) = report.runs
    sealed = {path.name: sha256_of_file(path)[0] for path in published.wheels.iterdir()}
    assert {file.name: file.sha256 for file in run.installed} == sealed
    names = [check.name for check in run.checks]
    assert names[1] == f"install from {published.server.simple_url}"
    assert {"sealed bytes", "pip check", "import demo_runtime", "script demo"} <= set(names)
    printed = capsys.readouterr().out
    for file in run.installed:
        assert f"{file.project} {VERSION} sha256 {file.sha256}" in printed


def test_newer_versions_here_and_elsewhere_are_not_taken(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pypi_like(tmp_path / "elsewhere") as elsewhere:
        newer = tmp_path / "newer"
        newer.mkdir()
        stable = wheel(newer, "demo-runtime", version="1.0", code="VALUE = 0\n")
        published.publish(stable)
        Published(elsewhere, newer, published.record).publish(stable)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", elsewhere.simple_url)
        code, report = published.try_it()
        assert code == 0
        assert {file.version for file in report.runs[0].installed} == {VERSION}
        assert elsewhere.requests()[1:] == []


def test_choices_that_no_wheel_has_are_refused(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    record = str(published.record)
    arguments = ("release", "try", record, "--from", published.server.simple_url, "--python", sys.executable)
    assert main([*arguments, "--script", "dmeo --version", "--skip-import", "demo_runtim"]) == 1
    errors = capsys.readouterr().err
    assert "have no console script 'dmeo'" in errors
    assert "have no module 'demo_runtim'" in errors


def test_other_bytes_on_the_index_are_refused(
    published: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tampered = tmp_path / "tampered"
    tampered.mkdir()
    record = seal(tmp_path / "other", [wheel(tampered, "demo-runtime", code="VALUE = 1\n")])
    code, report = Published(published.server, tampered, record).try_it()
    assert (code, report.runs) == (1, ())
    (resolved,) = report.resolved
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in resolved.detail
    printed = capsys.readouterr()
    assert resolved.name in printed.err
    assert (printed.out + printed.err).count("THESE PACKAGES DO NOT MATCH THE HASHES") == 1


def test_a_file_that_the_index_lacks_is_named(published: Published, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    windows = wheel(folder, "demo-runtime", tag=OTHER)
    linux = wheel(folder, "demo-runtime", tag=OTHER.replace("win_amd64", "manylinux_2_17_x86_64"))
    published.publish(windows)
    record = seal(tmp_path / "other", [windows, linux])
    code, report = Published(published.server, folder, record).try_it("--allow-not-run")
    assert code == 1
    outcomes = {file.name: file.outcome for file in report.resolved}
    assert outcomes == {windows.name: Outcome.PASSED, linux.name: Outcome.FAILED}


def test_wheels_for_other_platforms_are_resolved_only(published: Published, tmp_path: Path) -> None:
    folder = tmp_path / "windows"
    folder.mkdir()
    windows = wheel(folder, "demo-runtime", tag=OTHER)
    published.publish(windows)
    release = Published(published.server, folder, seal(tmp_path / "other", [windows]))
    code, report = release.try_it()
    assert (code, report.runs[0].outcome) == (1, Outcome.NOT_RUN)
    assert "the release has no wheel of demo-runtime for it" in report.runs[0].reason
    assert release.try_it("--allow-not-run")[0] == 0


def test_a_release_that_does_not_work_fails(published: Published, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    broken = wheel(folder, "demo-broken", code="import demo_absent\n")
    published.publish(broken)
    code, report = Published(published.server, folder, seal(tmp_path / "other", [broken])).try_it()
    assert code == 1
    assert "import demo_broken" in report.runs[0].reason
    assert "No module named 'demo_absent'" in report.runs[0].reason


@pytest.mark.parametrize("source", ["pypi", "ftp://example.org/simple/", "folder:", "@"])
def test_what_pip_cannot_install_from_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    record = seal(tmp_path / "record", [])
    assert main(["release", "try", str(record), "--from", source]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_release_in_a_folder_is_tried(published: Published) -> None:
    arguments = ("release", "try", str(published.record), "--from", f"folder:{published.wheels}")
    assert main([*arguments, "--python", sys.executable]) == 0


def test_two_pythons_of_one_version_are_both_tried(published: Published) -> None:
    code, report = published.try_it("--python", sys.executable)
    assert (code, [run.outcome for run in report.runs]) == (0, [Outcome.PASSED] * 2)


def test_settings_of_the_machine_are_not_read(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel that only the machine's own pip.conf leads to is not one of the index."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    record = seal(tmp_path / "other", [wheel(elsewhere, "demo-elsewhere")])
    settings = tmp_path / "xdg" / "pip"
    settings.mkdir(parents=True)
    (settings / "pip.conf").write_text(f"[global]\nfind-links = {elsewhere}\n")
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(settings.parent))
    code, report = Published(published.server, elsewhere, record).try_it()
    assert (code, [file.outcome for file in report.resolved]) == (1, [Outcome.FAILED])


@pytest.mark.parametrize("version", ["1!1.0", "1.0+cu118"])
def test_a_version_with_an_epoch_or_a_local_part_is_tried(tmp_path: Path, version: str) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    record = seal(tmp_path / "record", [wheel(folder, "demo-runtime", version=version)], version)
    arguments = ("release", "try", str(record), "--from", f"folder:{folder}")
    assert main([*arguments, "--python", sys.executable]) == 0


def test_an_index_without_an_answer_is_asked_for_one_wheel(
    published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/simple/"
    assert main(["release", "try", str(published.record), "--from", url, "--python", sys.executable]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3, errors
    assert errors[1].startswith(f"{url}: does not answer")
    assert "refused" in errors[1]
