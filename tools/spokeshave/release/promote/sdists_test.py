"""Promotions and comparisons of releases with sdists."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.comparison import compare
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.promote.source import PromotionError
from spokeshave.sdist.archive import read_sdist
from spokeshave.testing.own_sdist_fixtures import make_sdist, stamped_sdist
from spokeshave.testing.promotion_fixtures import FINAL, refusal, seal_wheels
from spokeshave.testing.release_fixtures import COMMIT, RUNTIME, VERSION, write_wheels
from spokeshave.testing.sdist_fixtures import write_sdist as write_other_sdist
from spokeshave.wheel.version_facts import VersionFacts

PYPROJECT = f'[project]\nname = "{RUNTIME}"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
MODULE = "abacus_runtime/_version.py"
FACTS = VersionFacts(version=VERSION, channel="rc", commit=COMMIT)


def sealed(folder: Path, *, notes: str = "") -> Path:
    """Seal a candidate of one project with its sdist."""
    files = {"abacus_runtime/__init__.py": "", "abacus_runtime/notes.txt": notes}
    sdist = stamped_sdist(make_sdist(folder, PYPROJECT, files, version_module=MODULE), FACTS)
    wheels = write_wheels(folder / "wheels", projects=(RUNTIME,))
    return seal_wheels(folder, [*wheels, sdist], tested=wheels)


def test_an_sdist_is_promoted_with_its_wheels(tmp_path: Path) -> None:
    record = sealed(tmp_path)
    report = promote(PromotionRequest(record, FINAL, tmp_path / "final"))
    (sdist,) = [file for file in verify_record(tmp_path / "final").files if not file.is_wheel]
    (before,) = [file for file in verify_record(record).files if not file.is_wheel]
    assert report.sdists == (sdist.name,) == (f"abacus_runtime-{FINAL}.tar.gz",)
    assert sdist.source is not None
    assert (sdist.source.name, sdist.source.sha256) == (before.name, before.sha256)
    assert not report.untested
    folder, files = read_sdist(tmp_path / "final" / "files" / sdist.name)
    assert folder == f"abacus_runtime-{FINAL}"
    assert f"\nVersion: {FINAL}\n".encode() in files["PKG-INFO"].content
    module = files[f"python/{MODULE}"].content.decode()
    assert f'version = "{FINAL}"\nchannel: str | None = "stable"\ncommit: str | None = "{COMMIT}"' in module


def test_the_releases_differ_in_their_version_only(tmp_path: Path) -> None:
    record = sealed(tmp_path)
    promote(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert compare(record, tmp_path / "final").new_version == FINAL


def test_a_changed_file_of_an_sdist_is_found(tmp_path: Path) -> None:
    folders = []
    for version, text in ((VERSION, "one"), (FINAL, "two")):
        folder = tmp_path / version
        files = {"abacus_runtime/notes.txt": text}
        sdist = stamped_sdist(make_sdist(folder, PYPROJECT, files), VersionFacts(version))
        write_wheels(folder / "set", projects=(RUNTIME,), version=version)
        sdist.rename(folder / "set" / sdist.name)
        folders.append(folder / "set")
    with pytest.raises(PromotionError, match=r"differs from .* in more than its version"):
        compare(folders[0], folders[1])


def test_a_text_with_the_old_version_is_refused(tmp_path: Path) -> None:
    record = sealed(tmp_path, notes=f"Released as {VERSION}.\n")
    error = refusal(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert f"abacus_runtime-{VERSION}.tar.gz: python/abacus_runtime/notes.txt" in error
    assert "Make it one of the `version_files`" in error


def test_a_text_that_may_name_it_is_kept(tmp_path: Path) -> None:
    record = sealed(tmp_path, notes=f"Released as {VERSION}.\n")
    request = PromotionRequest(record, FINAL, tmp_path / "final", keep=("python/abacus_runtime/notes.txt",))
    assert promote(request).sdists


def test_an_sdist_of_another_tool_cannot_be_promoted(tmp_path: Path) -> None:
    stem = f"abacus_runtime-{VERSION}"
    metadata = f"Metadata-Version: 2.2\nName: {RUNTIME}\nVersion: {VERSION}\nRequires-Python: >=3.10\n"
    sdist = write_other_sdist(tmp_path / f"{stem}.tar.gz", {f"{stem}/PKG-INFO": metadata, f"{stem}/pyproject.toml": ""})
    wheels = write_wheels(tmp_path / "wheels", projects=(RUNTIME,))
    record = seal_wheels(tmp_path, [*wheels, sdist], tested=wheels)
    error = refusal(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert f"{sdist.name}: cannot be promoted" in error
    assert "Another tool wrote it" in error
