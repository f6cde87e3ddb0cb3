from __future__ import annotations

import pytest

from spokeshave_core.release.version_text import PLACEHOLDERS, render_template, template_problems, version_module_text


def names_of(source: bytes) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(source, names)
    return names


def test_module_has_all_facts() -> None:
    names = names_of(version_module_text("Text.", "1.0rc1", "rc", "ab" * 20, [("z", "2"), ("a", "1")]))
    assert (names["__version__"], names["version"], names["__doc__"]) == ("1.0rc1", "1.0rc1", "Text.")
    assert (names["channel"], names["commit"]) == ("rc", "ab" * 20)
    assert names["revisions"] == {"a": "1", "z": "2"}


def test_module_without_facts_has_the_same_names() -> None:
    without = names_of(version_module_text("Text.", "1.0"))
    assert (without["channel"], without["commit"], without["revisions"]) == (None, None, {})
    assert set(without) == set(names_of(version_module_text("Text.", "1.0", "rc", "a", [("b", "c")])))


def test_same_facts_give_the_same_bytes() -> None:
    orders = [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]]
    assert len({version_module_text("Text.", "1.0", revisions=order) for order in orders}) == 1


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("3.12.1rc20260821.post1", "3 12 1"),
        ("3.12", "3 12 0"),
        ("0+unstamped", "0 0 0"),
        ("1!2.3.4.5.dev0+abc", "2 3 4"),
    ],
)
def test_every_placeholder_is_replaced(version: str, numbers: str) -> None:
    template = "@VERSION@ @VERSION_MAJOR@ @VERSION_MINOR@ @VERSION_PATCH@ @COMMIT@\r\n@lower@ a@b"
    assert render_template(template, version, "abc") == f"{version} {numbers} abc\r\n@lower@ a@b".encode()


@pytest.mark.parametrize(
    ("version", "identifier"),
    [
        ("3.12.0", "3_12_0"),
        ("3.12.0rc20260821.post1", "3_12_0rc20260821_post1"),
        ("1!2.3+abc.4", "1_epoch_2_3_local_abc_4"),
    ],
)
def test_a_version_can_be_a_part_of_a_name_in_c(version: str, identifier: str) -> None:
    assert render_template("V_@VERSION_IDENTIFIER@", version, None) == f"V_{identifier}".encode()


@pytest.mark.parametrize(
    ("version", "release"), [("3.12", "3.12"), ("1.2.3.4rc1.post2", "1.2.3.4"), ("1!2.3.0.dev0+abc", "2.3.0")]
)
def test_a_release_has_all_numbers_of_the_version(version: str, release: str) -> None:
    assert render_template("@VERSION_RELEASE@", version, None) == release.encode()


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0+unstamped", "(0, 'unstamped')"),
        ("3.12.0rc20260821", "(3, 12, 0, 'rc20260821')"),
        ("1!2.3.post4.dev5+a.1", "(1, 2, 3, 'post4', 'dev5', 'a.1')"),
        ("3", "(3,)"),
    ],
)
def test_a_version_can_be_a_tuple_of_python(version: str, expected: str) -> None:
    """As setuptools_scm writes it."""
    assert render_template("@VERSION_TUPLE@", version, None).decode() == expected


def test_an_unknown_commit_is_empty() -> None:
    assert render_template('#define COMMIT "@COMMIT@"', "1.0", None) == b'#define COMMIT ""'


def test_known_placeholders_are_accepted() -> None:
    assert list(template_problems(" ".join(f"@{name}@" for name in PLACEHOLDERS), "t")) == []


def test_all_unknown_placeholders_are_reported() -> None:
    problems = [str(problem) for problem in template_problems("@VERSION@\n@VERSION_TWEAK@ @PACKAGE_INIT@", "a.in")]
    assert [problem.split(" ", 7)[:7][-1] for problem in problems] == ["placeholder", "placeholder"]
    assert "a.in, line 2" in problems[0]
    assert "@VERSION_TWEAK@" in problems[0]
    assert "@PACKAGE_INIT@" in problems[1]


def test_a_template_without_placeholder_is_a_problem() -> None:
    (problem,) = template_problems("3.12.0", "a.in")
    assert "without a placeholder" in str(problem)
