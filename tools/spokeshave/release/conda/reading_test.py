from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.release.conda.reading import KeptRecipe, UnreadableRecipeError, read_recipes

OUTPUTS = """\
context:
  name: Abacus
recipe:
  version: 2024.10
build:
  number: 3
  noarch: python
  script: top
  skip: win
about:
  license: MIT
  summary: top
source:
  url: https://host/top.tar.gz
outputs:
  - staging:
      name: cache
    source:
      path: cache
  - package:
      name: ${{ name ~ "-runtime" | lower }}
    build:
      script: own
      skip:
        - osx
    about:
      summary: own
    source:
      - path: own
  - package:
      name: ${{ name | lower }}-${{ "win" if win else "other" }}
    inherit: cache
  - package:
      name: ${{ name }}-${{ blas }}
    inherit:
      from: cache
"""


def read(folder: Path, text: str) -> list[KeptRecipe]:
    (folder / "recipe.yaml").write_text(text)
    return read_recipes(folder)


def test_outputs_have_what_rattler_build_gives_them(tmp_path: Path) -> None:
    runtime, other, blas = read(tmp_path, OUTPUTS)
    assert runtime.section("build") == {"number": 3, "noarch": "python", "script": "own", "skip": ["win", "osx"]}
    assert runtime.section("about") == {"license": "MIT", "summary": "own"}
    assert runtime.section("source") == [{"url": "https://host/top.tar.gz"}, {"path": "own"}]
    assert runtime.section("package", "version") == "2024.10"
    assert other.section("source") == blas.section("source") == [{"url": "https://host/top.tar.gz"}, {"path": "cache"}]


def test_names_are_those_of_each_platform(tmp_path: Path) -> None:
    names = [recipe.names() for recipe in read(tmp_path, OUTPUTS)]
    assert names == [("abacus-runtime",), ("abacus-other", "abacus-win"), ("abacus-${{ blas }}",)]


def test_values_are_those_of_rattler_build(tmp_path: Path) -> None:
    lines = ("a: 3.10", "b: 2024.10", "c: 1e5", "d: 2026-08-21", "e: 12", "f: 012", "g: true", "h: no", "i: 0x1F", "j:")
    (recipe,) = read(tmp_path, "package:\n  name: x\ncontext:\n" + "".join(f"  {line}\n" for line in lines))
    found = recipe.section("context")
    assert isinstance(found, dict)
    assert list(found.values()) == ["3.10", "2024.10", "1e5", "2026-08-21", 12, "012", True, "no", "0x1F", None]


@pytest.mark.parametrize(
    "text",
    [
        "context:\n  # {% set\n  name: abacus\npackage:\n  name: ${{ name }}\n",
        "package:\n  name: abacus\ntests:\n  - script:\n      - docker inspect -f '{{.State}}'\n",
    ],
)
def test_jinja_in_a_text_does_not_make_a_recipe_old(tmp_path: Path, text: str) -> None:
    assert [recipe.names() for recipe in read(tmp_path, text)] == [("abacus",)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{% set name = 'abacus' %}\npackage:\n  name: abacus\n", "format (v0)"),
        ("package:\n  name: {{ name }}\n", "format (v0)"),
        ("package:\n  name: '{{ name }}'\n", "format (v0)"),
        ("package: &a\n  name: x\nabout: [*a]\n", "anchor"),
        ("package: &a\n  name: *a\n", "anchor"),
        pytest.param("package: " + "[" * 500, "nested too deeply", id="deep"),
        ("outputs:\n  - build: {}\n", "output 1 has no `package`"),
        ("outputs: [1]\n", "output 1 has no `package`"),
    ],
)
def test_what_is_not_a_recipe_is_unreadable(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnreadableRecipeError) as error:
        read(tmp_path, text)
    assert reason in str(error.value)
