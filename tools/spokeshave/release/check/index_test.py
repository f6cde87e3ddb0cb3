from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from packaging.version import Version

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.index import Offer, check_offers
from spokeshave.release.destination.destination import Limits, ListedFile, Listing
from spokeshave_core.outcomes import Presence

NOW = datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone.utc)
PROJECT = "abacus-runtime"
LINUX = "manylinux_2_17_x86_64"


def file_name(version: str = "3.12.0", platform: str = LINUX) -> str:
    return f"abacus_runtime-{version}-cp312-cp312-{platform}.whl"


def checked(version: str = "3.12.0", platform: str = LINUX, size: int = 100, sha256: str = "") -> CheckedFile:
    name = file_name(version, platform)
    return CheckedFile(
        path=Path(name),
        name=name,
        size=size,
        sha256=sha256 or name,
        project=PROJECT,
        version=Version(version),
    )


def listed(name: str, *, age: float = 1, size: int | None = 100, sha256: str = "", yanked: bool = False) -> ListedFile:
    return ListedFile(
        name=name,
        url="",
        hashes={"sha256": sha256 or name},
        size=size,
        uploaded=NOW - datetime.timedelta(days=age),
        yanked="" if yanked else None,
    )


def problems(
    files: Sequence[CheckedFile],
    there: Sequence[ListedFile] = (),
    *,
    limits: Limits = Limits(),  # noqa: B008
    states: Mapping[str, Presence] | None = None,
    status: str = "active",
    channel: str | None = None,
) -> list[str]:
    listing = Listing(project=PROJECT, exists=bool(there), files={each.name: each for each in there}, status=status)
    names = {file.name for file in files}
    same = {each.name: Presence.THERE for each in there if each.name in names}
    offer = Offer(
        project=PROJECT,
        files=files,
        listing=listing,
        states=same if states is None else states,
        limits=limits,
        index="@test",
    )
    return [str(problem) for problem in check_offers([offer], NOW, channel)]


def test_a_new_project_has_no_problems() -> None:
    assert problems([checked()], limits=Limits(file=100, project=100, maximum_age=14)) == []


def test_a_file_that_is_there_already_is_fine() -> None:
    limits = Limits(file=1, project=1, maximum_age=14)
    assert problems([checked()], [listed(file_name(), age=1000)], limits=limits, status="archived") == []


def test_other_bytes_of_the_same_name_are_refused() -> None:
    found = problems([checked()], [listed(file_name())], states={file_name(): Presence.OTHER_BYTES})
    assert len(found) == 1
    assert found[0].startswith(f"{file_name()}: @test has a file of this name with other bytes")


def test_a_file_with_other_bytes_is_not_counted_as_missing() -> None:
    there = [listed(file_name(), age=15)]
    limits = Limits(maximum_age=14, project=100)
    assert len(problems([checked()], there, states={file_name(): Presence.OTHER_BYTES}, limits=limits)) == 1


def test_the_same_bytes_under_another_name_are_refused() -> None:
    other = file_name(platform="manylinux_2_28_x86_64")
    found = problems([checked(sha256="a")], [listed(other, sha256="a")])
    assert len(found) == 1
    assert f"has the same bytes as {other}" in found[0]


def test_the_same_bytes_in_another_project_are_refused() -> None:
    def offer(project: str, files: Sequence[CheckedFile], there: Sequence[ListedFile]) -> Offer:
        listing = Listing(project=project, exists=True, files={each.name: each for each in there})
        return Offer(project=project, files=files, listing=listing, states={}, limits=Limits(), index="@test")

    first = offer("abacus-compiler", [], [listed("abacus_compiler-1.0-py3-none-any.whl", sha256="a")])
    found = check_offers([first, offer(PROJECT, [checked(sha256="a")], [])], NOW)
    assert len(found) == 1


def test_a_file_above_the_limit_is_refused() -> None:
    found = problems([checked(size=101), checked(platform="win32")], limits=Limits(file=100))
    assert len(found) == 1
    assert "has 101 bytes, but @test takes files of 100 bytes at most" in found[0]


def test_a_project_that_becomes_too_large_by_a_byte_is_refused() -> None:
    there = [listed(file_name("3.11.0"), size=800, yanked=True)]
    files = [checked(), checked(platform="win32")]
    assert problems(files, there, limits=Limits(project=1000)) == []
    found = problems(files, there, limits=Limits(project=5000, projects={PROJECT: 999}))
    assert len(found) == 1
    assert "abacus-runtime: needs 200 bytes, but @test has 199 bytes free of 999 bytes" in found[0]
    assert "1 bytes too many" in found[0]


def test_only_new_files_count_for_the_limit() -> None:
    there = [listed(file_name(), size=100)]
    assert problems([checked(), checked(platform="win32")], there, limits=Limits(project=200)) == []


def test_a_project_with_unknown_sizes_is_not_refused() -> None:
    assert problems([checked()], [listed(file_name("3.11.0"), size=None)], limits=Limits(project=1)) == []


def test_an_incomplete_release_that_is_old_needs_a_new_version() -> None:
    there = [listed(file_name(platform="win32"), age=15), listed(file_name(platform="win_arm64"), age=1)]
    assert problems([checked()], there, limits=Limits(maximum_age=15)) == []
    found = problems([checked()], there, limits=Limits(maximum_age=14))
    assert len(found) == 1
    assert "3.12.0 was released on @test on 2026-11-14, more than 14 days ago" in found[0]
    assert f"lacks 1 of this set, such as {file_name()}" in found[0]
    assert "Make a new version" in found[0]


def test_another_spelling_of_the_version_is_the_same_release() -> None:
    there = [listed(file_name("3.12", "win32"), age=15)]
    assert len(problems([checked()], there, limits=Limits(maximum_age=14))) == 1


@pytest.mark.parametrize("status", ["archived", "quarantined"])
def test_a_closed_project_is_refused(status: str) -> None:
    found = problems([checked()], [listed(file_name("3.11.0"))], status=status)
    assert len(found) == 1
    assert f"abacus-runtime: is {status} on @test" in found[0]


def test_a_deprecated_project_takes_files() -> None:
    assert problems([checked()], [listed(file_name("3.11.0"))], status="deprecated") == []


@pytest.mark.parametrize(
    ("version", "there", "channel", "kind"),
    [
        ("3.12.0rc2", "3.12.0", "rc", "release candidate"),
        ("3.12.0rc20260821", "3.12.1", None, "release candidate"),
        ("3.12.0", "3.12.1", "stable", "release"),
        ("3.12.0", "3.12.0.post1", "stable", "release"),
        ("3.12.0.dev20260821", "3.12.0", "nightly", "nightly"),
        ("3.12.0.dev20260821", "3.13.0", None, "nightly"),
        ("3.12.0a20260821", "3.13.0", "nightly", "nightly"),
    ],
)
def test_a_version_that_sorts_too_low_is_refused(version: str, there: str, channel: str | None, kind: str) -> None:
    found = problems([checked(version)], [listed(file_name(there))], channel=channel)
    assert len(found) == 1
    assert f"{version} sorts below {there}, which @test has: installers would not take this {kind}" in found[0]


@pytest.mark.parametrize(
    ("version", "there"),
    [
        ("3.12.0rc2", "3.11.9"),
        ("3.12.0rc2", "3.12.0rc3"),
        ("3.12.1rc1", "3.12.0"),
        ("3.11.1", "3.12.0"),
        ("3.11.1rc1", "3.12.0"),
        ("3.13.0.dev20260821", "3.12.0"),
        ("3.13.0.dev20260821", "3.13.0rc1"),
    ],
)
def test_a_version_in_order_is_accepted(version: str, there: str) -> None:
    assert problems([checked(version)], [listed(file_name(there))]) == []


def test_a_yanked_release_does_not_count_for_the_order() -> None:
    assert problems([checked("3.12.0.dev1")], [listed(file_name("4.0.0"), yanked=True)]) == []


def test_the_rest_of_a_release_has_no_order() -> None:
    there = [listed(file_name("3.12.0rc1", "win32")), listed(file_name("3.12.0"))]
    assert problems([checked("3.12.0rc1")], there) == []
