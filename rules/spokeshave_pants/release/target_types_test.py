from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

from spokeshave_pants.release.target_types import ReleaseChannelsField

ADDRESS = Address("", target_name="release")


def channels(value: dict[str, Sequence[str]] | None) -> Mapping[str, tuple[str, ...]] | None:
    found = ReleaseChannelsField(value, ADDRESS).value
    return None if found is None else dict(found)


def test_repositories_by_channel() -> None:
    assert channels({"nightly": ["index:dist/index"], "rc": []}) == {"nightly": ("index:dist/index",), "rc": ()}
    assert channels(None) is None


@pytest.mark.parametrize("channel", ["nightlies", "dev", "local"])
def test_a_channel_that_is_not_released_is_refused(channel: str) -> None:
    with pytest.raises(InvalidFieldException, match=f"has '{channel}', which is not a released channel"):
        channels({channel: ["@pypi"], "stable": ["@pypi"]})
