"""What may be promoted: records and folders of wheels, to which versions and under which names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import FINAL, refusal, seal_wheels
from spokeshave.testing.release_fixtures import (
    VERSION,
    write_wheels,
)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    return seal_wheels(folder, write_wheels(folder / "wheels"))


@pytest.fixture
def record(sealed: Path, tmp_path: Path) -> Path:
    """Return a record that a test may change."""
    return shutil.copytree(sealed, tmp_path / "record")


@pytest.mark.parametrize("version", ["3.13.0", "3.11.0", "3.12.1", VERSION, "3.12.0rc20260820", "3.12.0.dev5"])
def test_a_version_of_another_base_or_an_older_one_is_refused(sealed: Path, tmp_path: Path, version: str) -> None:
    refused = refusal(PromotionRequest(sealed, version, tmp_path / "final"))
    assert f"--version {version}: is not the final release of {VERSION}" in refused
    assert "Give --version 3.12.0." in refused


def test_another_base_is_possible_if_the_user_says_so(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, "3.13.0", tmp_path / "final", anyway=True))
    assert verify_record(tmp_path / "final").version == "3.13.0"


def test_zeros_at_the_end_of_the_new_version_do_not_matter(sealed: Path, tmp_path: Path) -> None:
    assert promote(PromotionRequest(sealed, "3.12", tmp_path / "final")).version == "3.12"


def test_a_final_record_is_refused(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    request = PromotionRequest(tmp_path / "final", "3.12.1", tmp_path / "again", anyway=True)
    assert "has the version 3.12.0, which is not a pre-release" in refusal(request)


def test_a_text_that_is_not_a_version_is_refused(sealed: Path, tmp_path: Path) -> None:
    assert "--version final: is not a PEP 440 version" in refusal(PromotionRequest(sealed, "final", tmp_path / "x"))


def test_an_untested_platform_is_refused(tmp_path: Path) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    untested = [wheel for wheel in wheels if wheel.name.endswith("win_amd64.whl")]
    record = seal_wheels(tmp_path, wheels, [wheel for wheel in wheels if wheel not in untested])
    refused = refusal(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert [line.split(":")[0] for line in refused.splitlines() if "was not tested" in line] == sorted(
        wheel.name for wheel in untested
    )
    report = promote(PromotionRequest(record, FINAL, tmp_path / "final", untested=True))
    promoted = verify_record(tmp_path / "final")
    assert promoted.promoted_from is not None
    assert (report.untested, promoted.promoted_from.untested) == (True, True)
    assert sum(not file.tested for file in promoted.files) == len(untested)


def test_a_changed_file_is_refused(record: Path, tmp_path: Path) -> None:
    wheel = next((record / "files").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    assert f"{wheel}: was changed after it was sealed" in refusal(PromotionRequest(record, FINAL, tmp_path / "final"))


def test_a_missing_file_is_refused(record: Path, tmp_path: Path) -> None:
    wheel = next((record / "files").iterdir())
    wheel.unlink()
    request = PromotionRequest(record, FINAL, tmp_path / "final", untested=True, anyway=True)
    assert f"{wheel}: is part of the sealed record, but does not exist" in refusal(request)


def test_a_folder_of_wheels_needs_the_users_word(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION)
    assert "is not a release record" in refusal(PromotionRequest(wheel.parent, FINAL, tmp_path / "final"))
    report = promote(PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True))
    promoted = verify_record(tmp_path / "final")
    assert report.untested
    assert promoted.promoted_from is not None
    assert (promoted.name, promoted.promoted_from.untested, promoted.promoted_from.manifest_sha256) == (
        "demo",
        True,
        None,
    )


Prepare = Callable[[Path], None]


def two_versions(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    build_wheel(folder, {}, version=FINAL, name="other")


def with_sdist(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    (folder / f"demo-{VERSION}.tar.gz").write_bytes(b"")


def two_projects(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    build_wheel(folder, {}, version=VERSION, name="other")


def two_spellings_of_the_version(folder: Path) -> None:
    build_wheel(folder, {}, version="3.12.0rc1")
    build_wheel(folder, {}, version="3.12.0.rc1")


def two_spellings_of_the_name(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    build_wheel(folder, {}, version=VERSION, name="Demo")


def signed(folder: Path) -> None:
    build_wheel(folder, {"dist-info/RECORD.jws": "{}"}, version=VERSION)


def damaged(folder: Path) -> None:
    (folder / f"demo-{VERSION}-py3-none-any.whl").write_bytes(b"PK")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda _: None, "contains no wheel"),
        (two_versions, "has wheels of the versions 3.12.0rc20260821, 3.12.0"),
        (with_sdist, f"demo-{VERSION}.tar.gz: cannot be promoted"),
        (two_projects, "has wheels of demo, other, and no record that names the release"),
        (two_spellings_of_the_version, "has the project, build and tag of demo-3.12.0.rc1-cp310-"),
        (two_spellings_of_the_name, f"has the project, build and tag of Demo-{VERSION}-cp310-"),
        (signed, "is a signature, which stamping would invalidate"),
        (damaged, "cannot be read as a zip archive"),
    ],
    ids=["empty", "versions", "sdist", "projects", "spelled-versions", "spelled-names", "signed", "damaged"],
)
def test_a_folder_that_is_not_a_release_is_refused(tmp_path: Path, prepare: Prepare, message: str) -> None:
    (tmp_path / "wheels").mkdir()
    prepare(tmp_path / "wheels")
    assert message in refusal(PromotionRequest(tmp_path / "wheels", FINAL, tmp_path / "final", untested=True))


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    request = PromotionRequest(tmp_path / "nothing", FINAL, tmp_path / "final", untested=True)
    assert "nothing: is not a folder" in refusal(request)


def test_a_name_joins_several_projects(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    two_projects(tmp_path / "wheels")
    request = PromotionRequest(tmp_path / "wheels", FINAL, tmp_path / "final", untested=True, name="set")
    promote(request)
    assert verify_record(tmp_path / "final").name == "set"


def test_a_name_of_another_release_is_refused(sealed: Path, tmp_path: Path) -> None:
    assert "--name other: is not the name of" in refusal(PromotionRequest(sealed, FINAL, tmp_path / "x", name="other"))
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "x", name="a.b", untested=True)
    assert "--name a.b: is not the name of a release" in refusal(request)
    assert "such as --name a-b" in refusal(request)
