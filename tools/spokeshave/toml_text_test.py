from __future__ import annotations

import pytest

from spokeshave.toml_text import InvalidTomlError, parse_toml


@pytest.mark.parametrize(
    "text", ["a", b"a = '\xff'", "a = " + "9" * 5000, "a = " + "[" * 5000, "a = " + "{a=" * 5000, "a." * 500 + "a = 1"]
)
def test_what_is_not_toml_has_one_error(text: str | bytes) -> None:
    with pytest.raises(InvalidTomlError) as caught:
        parse_toml(text)
    assert str(caught.value)


def test_a_document_may_have_some_levels() -> None:
    assert parse_toml("a." * 90 + "a = [1]")


def test_bytes_and_texts_are_parsed() -> None:
    assert parse_toml(b"a = '\xc3\xa9'") == parse_toml("a = '\u00e9'") == {"a": "\u00e9"}
