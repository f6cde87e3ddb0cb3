from __future__ import annotations

import pytest

from spokeshave.release.index.release_names import meant_name


@pytest.mark.parametrize(
    ("text", "names", "meant"),
    [
        ("MarkupSafe", ["markupsafe", "other"], "markupsafe"),
        ("zope.interface", ["zope-interface"], "zope-interface"),
        ("a_b", ["A-B"], "A-B"),
        ("a_b", ["a-b", "a_b"], "a_b"),
        ("A.B", ["a-b", "a_b"], "A.B"),
        ("abakus", ["abacus"], "abakus"),
    ],
)
def test_a_name_is_found_in_any_spelling(text: str, names: list[str], meant: str) -> None:
    assert meant_name(text, names) == meant
