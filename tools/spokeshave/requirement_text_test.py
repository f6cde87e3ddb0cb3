from __future__ import annotations

from collections.abc import Callable

import pytest
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename
from packaging.version import InvalidVersion

from spokeshave.requirement_text import (
    has_long_number,
    parse_requirement,
    parse_sdist_file_name,
    parse_specifiers,
    parse_version,
    parse_wheel_file_name,
)

# More digits than Python reads.
DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("parse", "text", "error"),
    [
        (parse_version, DIGITS, InvalidVersion),
        (parse_version, "one", InvalidVersion),
        (parse_requirement, f"a=={DIGITS}", InvalidRequirement),
        (parse_requirement, f"a ; python_version > '{DIGITS}'", InvalidRequirement),
        (parse_requirement, f"a ; {'(' * 3000}os_name == ''{')' * 3000}", InvalidRequirement),
        (parse_requirement, "a b", InvalidRequirement),
        (parse_specifiers, f">={DIGITS}", InvalidSpecifier),
        (parse_specifiers, "one", InvalidSpecifier),
        (parse_wheel_file_name, f"a-{DIGITS}-py3-none-any.whl", InvalidWheelFilename),
        (parse_wheel_file_name, f"a-1-{DIGITS}-py3-none-any.whl", InvalidWheelFilename),
        (parse_sdist_file_name, f"a-{DIGITS}.tar.gz", InvalidSdistFilename),
    ],
)
def test_hostile_texts_have_the_usual_error(parse: Callable[[str], object], text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse(text)


def test_usual_texts_are_parsed() -> None:
    assert parse_version("3.12.0rc20260821").is_prerelease
    assert str(parse_requirement("a[b]>=1 ; os_name == 'nt'")) == 'a[b]>=1; os_name == "nt"'
    assert parse_specifiers(">=3.9").contains("3.12")
    assert parse_wheel_file_name("a-1-py3-none-any.whl")[0] == "a"
    assert parse_sdist_file_name("a-1.tar.gz")[0] == "a"
    assert not has_long_number("1" * 999)
    assert has_long_number(b"1" * 1000)
