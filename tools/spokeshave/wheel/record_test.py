from __future__ import annotations

import hashlib

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.record import RecordEntry, hashed_entry, parse_record, render_record

SHA256 = hashlib.sha256(b"x").digest()


def test_rendered_record_parses_back_with_names_that_need_quotes() -> None:
    entries = [hashed_entry(name, SHA256, 1) for name in ("a.py", 'b,"c".py', "ü.py")] + [RecordEntry("d/RECORD")]
    assert list(parse_record(render_record(entries), "RECORD").values()) == entries


def test_line_holds_the_hash_without_padding_and_the_size() -> None:
    line = render_record([hashed_entry("a.py", SHA256, 1)])
    assert line == b"a.py,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n"
    assert parse_record(line, "RECORD")["a.py"].sha256 == SHA256


def test_hash_of_another_kind_is_kept_but_not_a_sha256() -> None:
    entry = parse_record(b"a.py,sha512=abc,1\r\n", "RECORD")["a.py"]
    assert (entry.hash, entry.sha256) == ("sha512=abc", None)


def test_every_bad_line_is_reported() -> None:
    with pytest.raises(InvalidWheelError) as caught:
        parse_record(b"a.py\nb.py,,\nb.py,,\nc.py,,many\n", "w: RECORD")
    assert [problem.place for problem in caught.value.problems] == [f"w: RECORD, line {n}" for n in (1, 3, 4)]


@pytest.mark.parametrize("data", [b"\xff\xfe,,", b'"open,,\n', b"a,,\x00"])
def test_record_that_is_not_text_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidWheelError, match=r"RECORD"):
        parse_record(data, "RECORD")
