"""Releases from `package` to `publish`: one record on any checkout, sent as a whole, promoted without a build."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, PantsRun, Project, install_from, read, running, sha256
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like

RC = "3.12.0rc20260821"
OPTIONS = ("--release-version-channel=rc", "--release-version-date=20260821")
LLVM = "89ece87b89852100c0de"
CORE, TOOLS = (
    f"pair_{name}-{RC}-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl" for name in ("core", "tools")
)


@dataclass(frozen=True)
class Release:
    """The project of two wheels in a git repository, after `package ::` of a release candidate."""

    project: Project
    run: PantsRun

    @property
    def record(self) -> Path:
        return self.project.dist / "releases/pair" / RC

    def publish(self, index: PypiLike, *targets: str, options: tuple[str, ...] = ()) -> PantsRun:
        return self.on(index, *options, "publish", *targets)

    def on(self, index: PypiLike, *arguments: str) -> PantsRun:
        """Run a goal with the index as the repository of the release."""
        repositories = f"--wheel-publish-repositories={ {'main-index': index.upload_url} }"
        return self.project.pants(*OPTIONS, repositories, *arguments, variables=index.variables)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with running(Project.copy(tmp_path_factory.mktemp("release") / "repo", "pair")) as project:
        project.write(".gitignore", "/.pants.d/\n/.pids/\n/dist/\nversion_local.json\n")
        project.git("init", "--quiet")
        project.git("add", ".")
        project.git("commit", "--quiet", "--message", "Begin")
        yield Release(project, project.package("::", options=OPTIONS))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PypiLike]:
    with pypi_like(tmp_path / "pypi") as server:
        yield server


def contents(record: Path) -> dict[str, bytes]:
    """Return the files of a record."""
    files = (path for path in record.rglob("*") if path.is_file() and "state" not in path.parts)
    return {path.relative_to(record).as_posix(): path.read_bytes() for path in files}


def test_the_record_has_the_declared_wheels_and_their_facts(release: Release) -> None:
    assert f"The record of pair {RC}: 2 wheels." in release.run.output
    record = json.loads((release.record / "release.json").read_text())
    commit = release.project.git("rev-parse", "HEAD")
    facts = {"name": "pair", "version": RC, "channel": "rc", "commit": commit, "revisions": {"llvm": LLVM}}
    assert {key: record[key] for key in facts} == facts
    assert [file["name"] for file in record["files"]] == [CORE, TOOLS]
    assert record["projects"]["pair-tools"]["requires"] == [f"pair-core=={RC}"]
    assert [test["python"] for file in record["files"] for test in file["tested"]] == ["3.12", "3.12"]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=release.record, check=True)
    module = read(release.record / "files" / CORE, "pair_core/_version.py").decode()
    assert all(text in module for text in (RC, commit, LLVM))


def test_another_checkout_and_user_make_the_same_record(release: Release, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(release.project.root), str(tmp_path / "b c")], check=True)
    with running(Project(tmp_path / "b c")) as other:
        run = other.pants(*OPTIONS, "package", "//pair:release", umask=0o077, variables={"TZ": "Asia/Tokyo"})
        run.checked()
        assert contents(other.dist / "releases/pair" / RC) == contents(release.record)


def test_no_record_is_made_of_a_part_or_of_changed_sources(release: Release) -> None:
    project = release.project
    run = project.pants(*OPTIONS, "--native-wheel-platforms=win_*", "package", "pair:release").checked()
    assert "no release record, as this run builds 0 of its 2 wheels" in run.output
    run = project.pants("package", "pair:release").checked()
    assert "is a development version" in run.output
    project.write("new", "")
    try:
        run = project.pants(*OPTIONS, "publish", "pair:release")
    finally:
        (project.root / "new").unlink()
    assert run.exit_code == 1
    assert "has no release record to publish, as the tree has changes that are not committed" in run.output


def test_a_wheel_of_a_release_is_not_published_alone(release: Release, index: PypiLike) -> None:
    run = release.publish(index, "pair:tools")
    assert run.exit_code == 1
    assert "pair:tools is a part of the release pair:release" in run.output
    assert "publish pair:release" in run.output
    assert index.uploads() == []
    release.publish(index, "pair:tools", options=("--wheel-publish-alone",)).checked()
    assert list(index.files()) == [TOOLS]


def test_a_release_is_published_as_a_whole_and_once(release: Release, index: PypiLike, tmp_path: Path) -> None:
    release.publish(index, "::").checked()
    assert [upload.file for upload in index.uploads()] == [CORE, TOOLS]
    record = json.loads((release.record / "release.json").read_text())
    assert index.sha256s() == {file["name"]: file["sha256"] for file in record["files"]}
    assert f"{TOOLS} skipped by this target, but with its release pair:release" in release.publish(index, "::").output
    assert len(index.uploads()) == 2
    environment = install_from(tmp_path / "venv", "3.12", index.simple_url, f"pair-tools=={RC}")
    assert environment.run("import pair_tools; print(pair_tools.total())") == "3"


def test_a_broken_publication_continues_without_pants(release: Release, index: PypiLike) -> None:
    index.change(project_limits={"pair-tools": 10})
    run = release.publish(index, "pair:release")
    assert run.exit_code == 3
    assert list(index.files()) == [CORE]
    (command,) = re.findall(r"spokeshave (release publish .+)", run.output)
    assert str(release.record) in command
    index.change(project_limits={})
    environment = {**os.environ, **index.variables, "PYTHONPATH": f"{REPOSITORY}/tools"}
    spokeshave = [sys.executable, "-m", "spokeshave", *shlex.split(command)]
    subprocess.run(spokeshave, env=environment, check=True)
    assert [upload.file for upload in index.uploads() if upload.stored] == [CORE, TOOLS]


def test_a_candidate_is_promoted_without_a_build(release: Release) -> None:
    record = f"--release-promote-record=dist/releases/pair/{RC}"
    release.project.pants(record, "--release-promote-to=3.12.0", "release-promote").checked()
    final = release.record.parent / "3.12.0"
    names = [path.name for path in sorted((final / "files").iterdir())]
    assert names == [CORE.replace(RC, "3.12.0"), TOOLS.replace(RC, "3.12.0")]
    assert "3.12.0" in read(final / "files" / names[0], "pair_core/_version.py").decode()
    manifest = json.loads((final / "release.json").read_text())
    assert manifest["promoted_from"]["version"] == RC
    assert sha256(final / "files" / names[0]) == manifest["files"][0]["sha256"]


def test_an_index_is_checked_before_a_release(release: Release, index: PypiLike) -> None:
    release.on(index, "release-check", "pair:release").checked()
    index.change(statuses={"pair-core": "archived"}, file_limit=10)
    run = release.on(index, "release-check", "pair:release")
    assert run.exit_code == 1
    assert "archived" in run.output
    assert index.uploads() == []


def test_a_nightly_goes_to_the_index_of_its_channel(release: Release, tmp_path: Path) -> None:
    project = release.project
    options = (
        "--release-version-channel=nightly",
        "--release-version-date=20260822",
        "--wheel-publish-to=index:dist/index",
    )
    project.pants(*options, "publish", "pair:release").checked()
    index = project.dist / "index"
    (listed,) = map(json.loads, (index / "current/sets.jsonl").read_text().splitlines())
    assert (listed["version"], listed["channel"], listed["files"]) == ("3.12.0rc20260822", "nightly", 2)
    assert not (project.dist / "wheels").exists()
    environment = install_from(tmp_path / "venv", "3.12", (index / "simple").as_uri(), "--pre", "pair-tools")
    assert environment.run("import pair_tools; print(pair_tools.total())") == "3"
    run = project.pants(*options[:2], "release-check", "pair:release").checked()
    assert all(
        f"{kind}:{project.dist}/{name}" in run.output for kind, name in (("index", "index"), ("folder", "wheels"))
    )
