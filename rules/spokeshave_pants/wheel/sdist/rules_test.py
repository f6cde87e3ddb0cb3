"""Tests of what an sdist cannot contain."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address

from spokeshave_pants.cc.link.rules import LinkPlan
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.sdist.rules import check_projects


def test_projects_with_their_own_build_are_one_error() -> None:
    snappy, zlib = (Address("3rdparty", target_name=name) for name in ("snappy", "zlib"))
    links = [LinkPlan((), (), projects=(zlib,)), LinkPlan((), (), projects=(zlib,), needed_projects=(snappy,))]
    with pytest.raises(InvalidTargetError) as caught:
        check_projects("src:wheel", links)
    assert "src:wheel has `sdist`" in str(caught.value)
    assert str(caught.value).count("3rdparty:") == 2


def test_native_files_without_projects_are_accepted() -> None:
    check_projects("src:wheel", [LinkPlan((), ())])
