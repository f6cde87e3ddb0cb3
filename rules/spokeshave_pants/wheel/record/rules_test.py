"""Tests of the names of releases; the end-to-end tests seal real ones."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.release.target_types import ReleaseNameField, ReleaseTarget, ReleaseWheelsField
from spokeshave_pants.wheel.record.rules import check_names, record_name


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
