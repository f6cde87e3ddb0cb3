"""Fixtures of promotions: a sealed candidate, and the error of a promotion that is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.seal.seal import SealRequest, seal
from spokeshave.testing.release_fixtures import COMMIT, VERSION, write_reports
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.problems import SpokeshaveError

FINAL = "3.12.0"


def seal_wheels(
    folder: Path,
    wheels: Iterable[Path],
    tested: Iterable[Path] | None = None,
    *,
    name: str = "abacus",
    revisions: tuple[tuple[str, str], ...] = (),
) -> Path:
    """Seal wheels of a candidate in a folder, and return the record.

    Args:
        tested: The wheels with a passed smoke test, by default all.
    """
    given = tuple(wheels)
    write_reports(folder / "reports", given if tested is None else tested)
    request = SealRequest(
        name=name,
        facts=VersionFacts(version=VERSION, channel="rc", commit=COMMIT, revisions=revisions),
        wheels=given,
        reports=(folder / "reports",),
        output=folder / "rc",
    )
    seal(request)
    return request.output


def refusal(request: PromotionRequest) -> str:
    """Return the error of a promotion, after which nothing exists."""
    with pytest.raises(SpokeshaveError) as error:
        promote(request)
    assert not request.output.exists()
    assert [path for path in request.output.parent.glob(".*") if path.is_dir()] == []
    return str(error.value)
