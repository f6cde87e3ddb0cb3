"""Release channels."""

from __future__ import annotations

from spokeshave_core.channel import AT_COMMIT, DATED, Channel


def test_a_channels_versions_name_a_commit_or_a_date_or_neither() -> None:
    assert not {*AT_COMMIT} & {*DATED}
    assert {*Channel} - {*AT_COMMIT, *DATED} == {Channel.STABLE}
