from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sandbox.tools import REPORT
from spokeshave_pants.wheel.goals.release_promote import chosen_promotion

RECORD = "dist/releases/abacus/3.12.0rc1"


def test_the_final_release_is_written_next_to_the_candidate(tmp_path: Path) -> None:
    (tmp_path / RECORD).mkdir(parents=True)
    (tmp_path / RECORD / "release.json").write_text("{}")
    promotion = chosen_promotion(tmp_path, RECORD, "v3.12.0")
    assert promotion.output == tmp_path / "dist/releases/abacus/3.12.0"
    assert promotion.argv(["*/about.txt"]) == (
        *("release", "promote", str(tmp_path / RECORD), "--version", "3.12.0"),
        *("--output", str(tmp_path / "dist/releases/abacus/3.12.0"), "--rewrite-text", "*/about.txt"),
        *("--report", REPORT),
    )


@pytest.mark.parametrize("record", [None, "", RECORD])
def test_all_wrong_options_are_reported_together(tmp_path: Path, record: str | None) -> None:
    with pytest.raises(InvalidTargetError) as raised:
        chosen_promotion(tmp_path, record, "next")
    assert "`--release-promote-record` must be the folder of a release record" in str(raised.value)
    assert "`--release-promote-to` is 'next': write the version to promote to" in str(raised.value)
