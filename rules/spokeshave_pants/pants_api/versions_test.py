"""Tests of the versions of Pants that the plugin supports."""

from __future__ import annotations

import pytest

from spokeshave_pants.pants_api.versions import UnsupportedPantsError, check_supported


@pytest.mark.parametrize("version", ["2.17.1", "2.29.0", "2.29.0.dev3", "2.31.0rc1", "2.33.0", "2.34.0.dev3", "3.0.0"])
def test_supported_versions(version: str) -> None:
    check_supported(version)


@pytest.mark.parametrize("version", ["2.16.0", "2.17.0", "2.17.1rc1", "2.18.0", "2.23.1", "2.28.0"])
def test_the_error_names_the_supported_versions(version: str) -> None:
    with pytest.raises(UnsupportedPantsError, match=rf"Pants {version}\. It supports 2\.17\.1, and 2\.29 and newer"):
        check_supported(version)
