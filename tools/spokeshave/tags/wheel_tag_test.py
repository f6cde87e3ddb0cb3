from __future__ import annotations

import pytest
from packaging.tags import parse_tag

from spokeshave.errors import InvalidWheelError
from spokeshave.tags.wheel_tag import WheelTag


@pytest.mark.parametrize("text", ["py2.py3-none-any", "cp39.cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64"])
def test_compressed_tag_expands_as_packaging_expands_it(text: str) -> None:
    tag = WheelTag.parse(text)
    assert str(tag) == text
    assert tag.expand() == sorted(map(str, parse_tag(text)))


@pytest.mark.parametrize(
    "text", ["", "py3-none", "py3-none-any-x", "py3--any", "PY3-none-any", "py3-none-a/b", "a.-b-c"]
)
def test_an_invalid_tag_is_refused(text: str) -> None:
    with pytest.raises(InvalidWheelError, match="is not a wheel tag"):
        WheelTag.parse(text)
