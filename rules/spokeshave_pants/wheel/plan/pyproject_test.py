"""Tests of the parts of a pyproject.toml for a plan."""

from __future__ import annotations

import pytest

from spokeshave_core.license_files import LICENSE_GLOBS
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.pyproject import Pyproject, parse_pyproject


def parse(text: str) -> Pyproject:
    return parse_pyproject(text.encode(), "p/pyproject.toml")


def paths(text: str) -> set[str]:
    return set(parse(f"[project]\n{text}\n").paths)


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidTargetError) as caught:
        parse_pyproject(content, "p/pyproject.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ('readme = "README.md"', "README.md"),
        ("readme = 'docs/read me.rst'", "docs/read me.rst"),
        ('readme = "docs/\\u0061bout.md"', "docs/about.md"),
        ('readme = { file = "docs/größe.md", content-type = "text/markdown" }', "docs/größe.md"),
        ('license-files = ["LICEN[CS]E*", "vendor/*.txt"]', "LICEN[CS]E*"),
        ('license-files = ["LICEN[CS]E*", "vendor/*.txt"]', "vendor/*.txt"),
        ('license-files = ["*.md"]', "*.md"),
        ('license-files = ["**/LICENSE"]', "**/LICENSE"),
        ('license-files = ["licenses/libstdc++.txt"]', "licenses/libstdc++.txt"),
        ('license = { file = "legal/TERMS" }', "legal/TERMS"),
        ('description = "It\'s" # the author\'s\nreadme = "README.md"', "README.md"),
    ],
)
def test_readme_and_license_files_are_inputs(line: str, path: str) -> None:
    assert path in paths(line)


def test_the_usual_license_files_are_inputs_by_default() -> None:
    assert paths('name = "a"') == set(LICENSE_GLOBS)
    assert paths('license = { file = "TERMS" }') == {"TERMS", *LICENSE_GLOBS}
    assert paths("license-files = []") == set()
    assert paths('license-files = ["TERMS"]') == {"TERMS"}


def test_a_text_that_looks_like_tables_and_keys_is_a_text() -> None:
    readme = '[tool.x]\nrequires-python = "==2.7"\nreadme = "no.md"\n'
    text = f'readme = {{content-type = "text/markdown", text = """\n{readme}"""}}\n'
    found = parse(f'[project]\n{text}requires-python = ">=3.12"\nlicense-files = ["LEGAL/*.txt"]\n')
    assert found.requires_python == ">=3.12"
    assert found.paths == ("LEGAL/*.txt",)


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nrequires-python = ">=3.12"',
        '[ "project" ]\n"requires-python"=">=3.12"',
        'project.requires-python = ">=3.12"\n[tool.x]\nrequires-python = "==2.7"',
        'project = {requires-python = ">=3.12"}',
        '[tool.x]\nrequires-python = "==2.7"\n[project]\nrequires-python = """\\\n  >=3.12"""',
    ],
)
def test_the_project_table_is_found_in_each_form(text: str) -> None:
    assert parse(text).requires_python == ">=3.12"


def test_required_distributions_have_normalized_names() -> None:
    found = parse(
        '[project]\nname = "Acme.Top"\ndependencies = ["NumPy>=1.22; python_version > \'3\'", "a_b[c]", "no/name"]\n'
        '[project.optional-dependencies]\nextra = ["Django"]\n'
    )
    assert found.dependencies == {"numpy", "a-b", "django"}
    assert (found.name, found.dynamic_dependencies) == ("Acme.Top", False)
    assert parse('[project]\ndynamic = ["version", "dependencies"]\n').dynamic_dependencies


@pytest.mark.parametrize("text", ["", "project = 1", "[project]\nreadme = 1\nlicense = [1]\ndynamic = 1\nname = 2\n"])
def test_values_of_the_wrong_type_are_ignored(text: str) -> None:
    assert parse(text).requires_python is None


def test_a_file_that_is_not_toml_is_refused_with_the_line() -> None:
    assert refusal(b'[project]\nname = "a\n') == (
        "p/pyproject.toml: is not TOML (Illegal character '\\n' (at line 2, column 10)). "
        "Correct the file's syntax: see the position in the message."
    )
    assert "byte 0xdf in line 2 is not UTF-8" in refusal(b'[project]\nauthors = "Gro\xdf"\n')
    assert "without a byte order mark" in refusal(b'\xef\xbb\xbf[project]\nname = "a"\n')
    assert "is not TOML" in refusal(b"[a]\n[a]\n")
    assert "is not TOML" in refusal(b"a = " + 10000 * b"[")


@pytest.mark.parametrize(
    "text",
    ["*", "**", "**/*", "./*", ".", "/etc/passwd", "../README.md", "docs/../../secret", "!README.md", "a***b", "[]"],
)
def test_what_is_outside_or_all_of_the_folder_is_not_an_input(text: str) -> None:
    assert paths(f'readme = "{text}"\nlicense-files = ["{text}"]') == set()
    assert paths(f'readme = "{256 * "x"}"\nlicense-files = []') == set()


def test_requirements_that_are_not_any_are_left_to_the_tools() -> None:
    deep = "a; " + "(" * 3000 + "os_name == ''" + ")" * 3000
    text = f'[project]\ndependencies = ["{deep}", "b==' + "9" * 5000 + '", "c"]\n'
    assert parse_pyproject(text.encode(), "pyproject.toml").dependencies == {"c"}
