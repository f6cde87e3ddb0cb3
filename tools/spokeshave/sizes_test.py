from __future__ import annotations

import pytest

from spokeshave.sizes import human_size, parse_size


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_940, "99.9 kB"), (999_600, "1.0 MB"), (15_300_000, "15.3 MB")],
)
def test_sizes_have_three_digits(size: float, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20G", 20 << 30),
        ("1.5 GiB", 3 << 29),
        ("512M", 512 << 20),
        ("64kb", 64 << 10),
        ("0", 0),
        (4096, 4096),
        ("1" * 400, int("1" * 400)),
    ],
)
def test_sizes_are_numbers_with_a_unit(text: str | float, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "-1G", "10 P", "1,5G", True])
def test_invalid_sizes_are_refused(text: str | float) -> None:
    with pytest.raises(ValueError, match="is not a valid size"):
        parse_size(text)
