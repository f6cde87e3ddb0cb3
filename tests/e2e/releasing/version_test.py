"""`./pants release-version`: text and JSON, on every channel, from one release of two wheels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from e2e.support.project import Project, running

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Create two packages in a release, whose versions differ in Z, in a git repository without changes."""
    with running(Project.copy(tmp_path_factory.mktemp("version") / "repo", "plain_c", "core")) as project:
        project.write("plain_c/version.json", '{"package-version": "3.12.4.dev"}\n')
        project.write("BUILD", 'release(name="release", wheels=["core:wheel", "plain_c:wheel"])\n')
        project.write(".gitignore", "/.pants.d/\n/.pids/\n/dist/\n")
        project.git("init", "--quiet")
        project.git("add", ".")
        project.git("commit", "--quiet", "--message", "Begin")
        yield project


def version(project: Project, *options: str) -> str:
    return project.pants("release-version", *options).checked().stdout.strip()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--channel=stable",), "3.12.4"),
        (("--channel=rc", "--date=20260821"), "3.12.4rc20260821"),
        (("--channel=nightly", "--date=20260821"), "3.12.4rc20260821"),
        (("--channel=dev", f"--commit={COMMIT}"), f"3.12.4.dev0+{COMMIT}"),
        (("--suffix=a2",), "3.12.4a2"),
    ],
)
def test_each_channel_has_its_version(project: Project, options: tuple[str, ...], expected: str) -> None:
    assert version(project, *options) == expected


def test_an_rc_has_the_date_of_today(project: Project) -> None:
    assert re.fullmatch(r"3\.12\.4rc20\d{6}", version(project, "--channel=rc"))


def test_the_default_channel_depends_on_changes(project: Project) -> None:
    commit = project.git("rev-parse", "HEAD")
    assert version(project) == f"3.12.4.dev0+{commit}"
    original = (project.root / "plain_c/area.c").read_text()
    project.write("plain_c/area.c", original + "// Changed.\n")
    assert version(project) == f"3.12.4.dev0+{commit}.dirty"
    assert version(project, "--channel=local") == f"3.12.4.dev0+{commit}.dirty"
    project.write("plain_c/area.c", original)
    assert version(project) == f"3.12.4.dev0+{commit}"


def test_json_has_the_derivation_of_the_version(project: Project) -> None:
    report = json.loads(version(project, "--channel=rc", "--date=20260821", "--format=json"))
    assert (report["version"], report["channel"]) == ("3.12.4rc20260821", "rc")
    assert sorted(report["packages"]) == ["core/version.json", "plain_c/version.json"]


def test_conflicting_release_versions_name_both_files(project: Project) -> None:
    project.write("core/version.json", '{"package-version": "3.13.0.dev"}\n')
    run = project.pants("release-version", "--channel=stable")
    project.write("core/version.json", '{"package-version": "3.12.0.dev"}\n')
    assert run.exit_code == 1
    assert "core/version.json" in run.output
    assert "plain_c/version.json" in run.output
    assert "Traceback" not in run.output
