"""Tests of which versions are released; the end-to-end tests seal real releases."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.release.rules import StampedVersion
from spokeshave_pants.release.target_types import ReleaseNameField, ReleaseTarget, ReleaseWheelsField
from spokeshave_pants.wheel.record.rules import check_names, development_version, record_name


@pytest.mark.parametrize(
    ("version", "has_suffix", "refused"),
    [
        (StampedVersion("3.12.0", "stable"), False, False),
        (StampedVersion("3.12.0rc20260821", "rc"), False, False),
        (StampedVersion("3.12.0rc20260821.post1", "nightly"), False, False),
        (StampedVersion("1.4.5"), False, False),
        (StampedVersion("3.12.0.dev3"), True, False),
        (StampedVersion("3.12.0.dev0"), True, False),
        (StampedVersion("3.12.0.dev0"), False, True),
        (StampedVersion("3.12.0+mine"), True, True),
        (StampedVersion("3.12.0.dev0+0123456", "dev"), False, True),
        (StampedVersion("3.12.0.dev0+0123456.dirty", "local"), False, True),
    ],
)
def test_development_versions_are_not_released(version: StampedVersion, has_suffix: bool, refused: bool) -> None:
    reason = development_version(version, has_suffix=has_suffix)
    assert (f"{version.version} is a development version" in reason) is refused
    assert bool(reason) is refused


@pytest.mark.parametrize(("declared", "name"), [({}, "release"), ({ReleaseNameField.alias: "abacus"}, "abacus")])
def test_a_record_has_the_releases_name(declared: dict[str, str], name: str) -> None:
    fields = {ReleaseWheelsField.alias: ["src:wheel"], **declared}
    assert record_name(ReleaseTarget(fields, Address("", target_name="release"))) == name


def test_releases_of_one_name_are_refused_with_both() -> None:
    def release(folder: str, **fields: str) -> ReleaseTarget:
        return ReleaseTarget({ReleaseWheelsField.alias: [":wheel"], **fields}, Address(folder, target_name="release"))

    check_names([release("a", release_name="one"), release("b", release_name="two"), release("c")])
    with pytest.raises(InvalidTargetError, match="a:release and b:release are both named 'release'"):
        check_names([release("b"), release("a"), release("c", release_name="c")])
