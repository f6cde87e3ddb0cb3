from __future__ import annotations

import pytest
from packaging.version import Version

from spokeshave.release.version_traces import TraceFinder


def wanted(old: str, new: str) -> TraceFinder:
    return TraceFinder(Version(old), Version(new))


def texts(old: str, new: str, data: str) -> list[str]:
    return [trace.text for trace in wanted(old, new).traces(data.encode())]


@pytest.mark.parametrize(
    "text",
    [
        "3.12.0rc20260821",
        "3.12.0-rc20260821",
        "3.12.0.rc20260821",
        "3.12.0RC20260821",
        "3.12.0_rc.20260821",
        "3.12.0-preview-20260821",
        "3.12rc20260821",
        "3.12.0.0rc20260821",
        "v3.12.0rc20260821",
        "3.12.0rc20260821_linux",
        "libabacus-3.12.0rc20260821.so",
        "rc20260821",
        "'rc', 20260821",
        "3, 12, 0, 'rc20260821'",
    ],
)
def test_each_spelling_of_a_dated_candidate_is_found(text: str) -> None:
    assert len(texts("3.12.0rc20260821", "3.12.0", f"xx {text}\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1.2.1rc1",
        "1.2.1-rc.1",
        "1.2.1c1",
        "(1, 2, 1, 'rc1')",
        '(1,2,1,"rc",1)',
        "(1, 2, 1, 'candidate', 1)",
        "1.2.1rc2",
        "1.2.1~rc1",
        "1.2.1 rc1",
        "1_2_1rc1",
        "1_2_1_rc1",
        "(1, 2, 1, b'rc1')",
        "(\n    1,\n    2,\n    1,\n    'rc1',\n)",
    ],
)
def test_each_spelling_of_a_numbered_candidate_is_found(text: str) -> None:
    assert len(texts("1.2.1rc1", "1.2.1", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "versionadded:: 1.2.1",
        "rc1",
        "src1.2.1",
        "11.2.1rc1",
        "0.1.2.1rc1",
        "1.2.10rc1",
        "1.2.1.1rc1",
        "1.2.1-c0ffee12",
        "(1, 2, 1)",
        "(11, 2, 1, 'rc1')",
        "1.2.1.post1",
    ],
)
def test_other_texts_cause_no_false_alarm(text: str) -> None:
    assert texts("1.2.1rc1", "1.2.1", text) == []


@pytest.mark.parametrize("text", ["20260821", "src20260821x", "rc202608210", "3.12.0", "commit 20260821"])
def test_a_date_without_its_tag_causes_no_false_alarm(text: str) -> None:
    assert texts("3.12.0rc20260821", "3.12.0", text) == []


def test_a_nightly_is_found_by_its_date() -> None:
    assert texts("3.12.0.dev20260821", "3.12.0", "3.12.0.dev20260821 and dev20260821") == [
        "3.12.0.dev20260821",
        "dev20260821",
    ]


def test_the_new_version_is_not_a_trace() -> None:
    assert texts("1.2.1rc1", "1.2.1rc2", "1.2.1rc2 (1, 2, 1, 'rc2')") == []
    assert texts("1.2.1rc1", "1.2.1rc2", "1.2.1rc1") == ["1.2.1rc1"]
    assert texts("3.12.0rc20260821", "3.12.0rc20260821.post1", "3.12.0rc20260821.post1") == []


def test_a_final_names_no_candidate_of_itself() -> None:
    assert texts("3.13.0", "3.13.0", "3.13.0 3.13.0rc20261016") == ["3.13.0rc20261016"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_are_read(encoding: str) -> None:
    data = b"abc" + "FileVersion 3.12.0-rc20260821\0".encode(encoding)
    trace = wanted("3.12.0rc20260821", "3.12.0").traces(data)[0]
    assert trace.text == "3.12.0-rc20260821"
    assert trace.start == data.index(b"3")


def test_offsets_are_those_of_the_bytes() -> None:
    data = b"\xff" * 7 + b"1.2.1rc1" + b"\0"
    (trace,) = wanted("1.2.1rc1", "1.2.1").traces(data)
    assert (trace.start, trace.end) == (7, 15)


@pytest.mark.parametrize(
    ("new", "before", "after"),
    [
        ("3.12.0", 'V = "3.12.0rc20260821"', 'V = "3.12.0"'),
        ("3.12.0", 'V = "v3.12.0-RC20260821"', 'V = "v3.12.0"'),
        ("3.12.0", 'SUFFIX = "rc20260821"', 'SUFFIX = ""'),
        ("3.12.0", "t = (3, 12, 0, 'rc20260821')", "t = (3, 12, 0)"),
        ("3.12.0rc20260901", "t = (3,12,0,'rc20260821')", "t = (3,12,0,'rc20260901')"),
        ("3.12.0rc20260901", 'S = "rc20260821"', 'S = "rc20260901"'),
        ("3.12.0", "ü 3.12.0rc20260821 ü", "ü 3.12.0 ü"),
    ],
)
def test_rewriting_keeps_the_form_of_a_text(new: str, before: str, after: str) -> None:
    rewritten = wanted("3.12.0rc20260821", new).rewritten(before.encode())
    assert rewritten.decode() == after
    assert wanted("3.12.0rc20260821", new).traces(rewritten) == []


@pytest.mark.parametrize("text", ["(3, 12, 'rc1')", "(3,12,0,0,'rc1')", "3_12_0rc1", "3_12rc1", "3.12rc1"])
def test_zeros_at_the_end_of_a_release_do_not_matter(text: str) -> None:
    assert len(texts("3.12.0rc1", "3.12.0", text)) == 1


@pytest.mark.parametrize(
    "text",
    ["3.0.0rc1", "3.0rc1", "3.0.0-RC.1", "3.0.0rc2", "3rc1", "3-rc1", "v3rc1", "3RC1", "(3, 0, 0, 'rc1')", "3_0_0rc1"],
)
def test_each_spelling_of_a_round_versions_candidate_is_found(text: str) -> None:
    assert len(texts("3.0.0rc1", "3.0.0", f"xx {text}\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "c = '#3a1'",
        "3a1 3b2 3c4",
        "h = '43rc1'; x3rc1; 1.3rc1",
        "box3 = box(1, 1, 3, 3)",
        "sha 9f3a1c 0x3b2",
        "3.0, 1.0, 3.0, 2.0",
        "3xaz1q 3 x a x 1",
        "3.0 abc1",
        "box3 = box(3, b, 3)",
    ],
)
def test_ordinary_texts_name_no_candidate_of_a_round_version(text: str) -> None:
    finder = wanted("3.0.0rc1", "3.0.0")
    assert finder.traces(text.encode()) == []
    assert finder.rewritten(text.encode()) == text.encode()


def test_every_second_or_fourth_byte_is_not_a_text() -> None:
    """The bytes between wide characters are zero; other texts are not read with gaps."""
    for old, new in (("3.0.0rc1", "3.0.0"), ("1.2.1rc1", "1.2.1")):
        for filler in (b"x", b"xyz", b"\0yz", b"x\0\0"):
            text = b"".join(bytes([byte]) + filler for byte in old.encode())
            assert wanted(old, new).traces(b"a " + text) == []


def test_a_wide_text_begins_where_its_bytes_are_not_zero() -> None:
    for before in (b"1", b"01", b"9.1", b"10.1"):
        data = before + "1.2.1rc1".encode("utf-16-le")
        assert [trace.text for trace in wanted("1.2.1rc1", "1.2.1").traces(data)] == ["1.2.1rc1"]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("3.12.0rc1", "3.13.0rc1", "v='3.12.0rc1'"),
        ("3.12.0rc1", "3.13.0rc1", "t = (3, 12, 0, 'rc1')"),
        ("3.12.0rc20260821", "3.12.1rc20260821", "3.12.0rc20260821"),
        ("3.12.0rc20260821", "3.12.1rc20260821", "(3, 12, 0, 'rc20260821')"),
        ("3.12.0a1", "3.12.0rc1", "(3, 12, 0, 'a1')"),
        ("3.12.0a1", "3.12.0rc1", "(3, 12, 0, 'alpha', 1)"),
        ("3.12.0rc1.dev1", "3.12.0rc1", "(3, 12, 0, 'rc1', 'dev1')"),
        ("3.12.0rc20260821.post1", "3.12.0rc20260821.post2", "rc20260821.post1"),
        ("1!2.0rc1", "1!2.0", "(1, 2, 0, 'rc1')"),
    ],
)
def test_the_old_version_is_never_taken_for_the_new_one(old: str, new: str, text: str) -> None:
    assert len(texts(old, new, text)) == 1


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("3.12.0a1", "3.12.0rc1", "3.12.0rc1 (3, 12, 0, 'rc1') (3, 12, 'candidate', 1)"),
        ("3.12.0rc1", "3.12.0rc1.post1", "3.12rc1-1 (3, 12, 0, 'rc1', 'post1')"),
        ("3.12.0rc20260821", "3.12.1rc20260821", "rc20260821 3.12.1rc20260821 (3, 12, 1, 'rc20260821')"),
    ],
)
def test_spellings_of_the_new_version_cause_no_false_alarm(old: str, new: str, text: str) -> None:
    assert texts(old, new, text) == []


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("1!2.0rc1", "1!2.0", "v='1!2.0rc1'", "v='1!2.0'"),
        ("1!2.0rc1", "1!2.0", "v='2.0rc1'", "v='2.0'"),
        ("1!2.0rc1", "1!2.0", "t=(1, 2, 0, 'rc1')", "t=(1, 2, 0)"),
        ("1!2.0rc1", "1!2.0", "t=(2, 0, 'rc1')", "t=(2, 0)"),
        ("2.1rc1+cpu", "2.1+cpu", "v='2.1rc1+cpu'", "v='2.1+cpu'"),
        ("2.1rc1+cpu", "2.1+cpu", "v='2.1rc1'", "v='2.1'"),
        ("2.1rc1", "2.1", "v='2.1rc1+linux'", "v='2.1+linux'"),
        ("2.1rc20260821+cpu", "2.1+cpu", "t='rc20260821'", "t=''"),
        ("2.1rc20260821.post1", "2.1", "t='rc20260821.post1'", "t=''"),
        ("2.1rc20260821.post1", "2.1", "v='2.1rc20260821-1'", "v='2.1'"),
        ("2.1rc20260821", "2.1", "demo-2.1rc20260821-1-py3-none-any.whl", "demo-2.1-1-py3-none-any.whl"),
        ("2.1rc1.dev20260821", "2.1", "t='rc1.dev20260821'", "t=''"),
        ("2.1.dev20260821", "2.1", "t='.dev20260821'", "t=''"),
        ("2.1.dev20260821", "2.1rc1", "t='.dev20260821'", "t='.rc1'"),
        ("2.1rc20260821", "2.1", "n='demo-rc20260821-linux'", "n='demo-linux'"),
        ("2.1rc1", "2.1rc2", "v='2.1~rc1'", "v='2.1~rc2'"),
        ("2.1rc1", "2.1rc2", "v='2_1rc1'", "v='2_1rc2'"),
        ("2.1rc1", "2.1rc2", 't=(2, 1, "rc", 1)', 't=(2, 1, "rc", 2)'),
        ("2.1rc1", "2.1", "t=(\n  2,\n  1,\n  'rc1',\n)", "t=(\n  2,\n  1,\n)"),
        ("2.1rc1", "2.1rc1.post1", "t=(2, 1, 'rc1')", "t=(2, 1, 'rc1', 'post1')"),
    ],
)
def test_rewriting_knows_all_parts_of_a_version(old: str, new: str, before: str, after: str) -> None:
    rewritten = wanted(old, new).rewritten(before.encode())
    assert rewritten.decode() == after
    assert wanted(old, new).traces(rewritten) == []
