"""Git repositories, and records without files, for tests of nightlies."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.release.record import MANIFEST
from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

_WHO = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "protocol.file.allow=always")


@dataclass(frozen=True)
class Repository:
    """A git repository without this machine's configuration."""

    root: Path

    @classmethod
    def begin(cls, root: Path) -> Repository:
        """Return a new repository with one commit on the branch main."""
        root.mkdir(parents=True)
        repository = cls(root)
        repository.git("init", "--quiet", "--initial-branch=main")
        repository.commit("first", "1", day=1)
        return repository

    def git(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run git here, and return what it prints."""
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", *_WHO, *arguments]
        result = subprocess.run(
            command, cwd=self.root, env={**environment, **(variables or {})}, capture_output=True, text=True, check=True
        )
        return result.stdout.strip()

    def commit(self, name: str, text: str, day: int = 1, hour: int = 12) -> str:
        """Commit a file on a day of November 2026, and return the hash."""
        (self.root / name).write_text(text)
        self.git("add", name)
        moment = f"2026-11-{day:02}T{hour:02}:00:00+00:00"
        variables = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        self.git("commit", "--quiet", "--message", name, variables=variables)
        return self.git("rev-parse", "HEAD")

    def state(self) -> Mapping[str, object]:
        """Return all that a command which leaves the checkout alone must not change."""
        files = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        ours = {path.relative_to(self.root).as_posix(): data for path, data in files.items()}
        return {"files": ours, "refs": self.git("for-each-ref"), "worktrees": self.git("worktree", "list")}


def record_of(
    version: str, commit: str = "", *, payload: str = "a", channel: str = "nightly", name: str = "pair"
) -> ReleaseRecord:
    """Return the record of a release of one wheel."""
    file = f"{name}-{version}-py3-none-any.whl"
    wheel = ReleaseFile(
        name=file, project=name, sha256="0" * 64, size=1, payload_sha256=payload * 64, metadata_sha256=None
    )
    return ReleaseRecord(
        name=name,
        version=version,
        channel=channel,
        commit=commit or None,
        projects={name: ReleaseProject(version)},
        files=(wheel,),
    )


def write_manifest(folder: Path, record: ReleaseRecord) -> Path:
    """Write the manifest of a record below the folder of all records, and return the record's folder."""
    target = folder / record.name / record.version
    target.mkdir(parents=True)
    (target / MANIFEST).write_text(record.to_json(), "utf-8")
    return target


def write_sealed(folder: Path, version: str, commit: str) -> Path:
    """Write the whole record of a release of one wheel below the folder of all records, and return its folder."""
    wheel = build_wheel(folder / "wheels", {"pair/__init__.py": ""}, "py3-none-any", name="pair", version=version)
    output = folder / "pair" / version
    with draft_record(output) as draft:
        sha256, size = draft.add_file(wheel)
        record = record_of(version, commit)
        file = replace(record.files[0], name=wheel.name, sha256=sha256, size=size)
        draft.finish(replace(record, files=(file,)))
    return output
