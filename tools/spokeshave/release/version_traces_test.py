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
