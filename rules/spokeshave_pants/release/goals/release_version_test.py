from __future__ import annotations

from spokeshave_core.reports.version import VersionReport
from spokeshave_pants.release.goals.release_version import local_version_files


def test_a_local_version_file_has_the_version_of_the_wheels() -> None:
    report = VersionReport(
        version="3.12.1rc20260821",
        packages={"a/version.json": "3.12.1rc20260821", "version.json": "3.12.0rc20260821"},
        channel="rc",
        commit=None,
        dirty=False,
    )
    content = b'{\n  "package-version": "3.12.1rc20260821"\n}\n'
    written = {file.path: file.content for file in local_version_files([report])}
    assert written == {"a/version_local.json": content, "version_local.json": content}
