from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from spokeshave.cli import main
from spokeshave.release.conda.evaluation import Variant
from spokeshave.release.conda.reading import read_recipes
from spokeshave.release.conda.subdirs import USUAL
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.record import read_record
from spokeshave.testing.conda_fixtures import (
    HOST,
    LICENSE,
    METADATA,
    PER_PYTHON,
    PURE,
    conda_wheels,
    write_abacus,
    write_conda_record,
)
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME

PATTERN = f"{HOST}/{{sha256}}/{{name}}"
SOURCE_BUILD = """\
context:
  name: abacus-runtime
  version: "3.12.0"
package:
  name: ${{ name|lower }}
  version: ${{ version }}
source:
  url: https://host/abacus-${{ version }}.tar.gz
  sha256: "00"
build:
  number: 0
  skip: match(python, "<3.11")
  script: ${{ PYTHON }} -m pip install .
requirements:
  build:
    - ${{ compiler('cxx') }}
  host:
    - python
  run:
    - python
    - numpy >=1.24.0,<3.0a0
    - if: match(python, "<3.12")
      then:
        - tomli >=2
    - if: win
      then: pywin32
      else: []
    - typing_extensions ~=4.7
    - ${{ pin_compatible("libabacus") }}
    - if: cuda_compiler_version != "None"
      then: cudart
about:
  license: Apache-2.0
"""


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_abacus(tmp_path_factory.mktemp("release"))


def conda(record: Path, *options: str | Path) -> int:
    return main(["release", "conda", str(record), *map(str, options)])


def check(record: Path, recipe: Path, capsys: pytest.CaptureFixture[str], *options: str | Path) -> tuple[int, str]:
    """Compare a recipe. Return the exit code and what was printed."""
    capsys.readouterr()
    code = conda(record, "--check", recipe, *options)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def drift_rows(record: Path, recipe: Path, *options: str | Path) -> list[tuple[str, str, str, str]]:
    """Compare a recipe, and return the rows of the report."""
    report = recipe.parent / "report.json"
    code = conda(record, "--check", recipe, "--report", report, *options)
    rows: list[dict[str, Any]] = json.loads(report.read_text())["drift"]
    assert code == (1 if rows else 0)
    return [(row["field"], row["where"], row["recipe"], row["release"]) for row in rows]


@pytest.fixture(scope="module")
def written(record: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("written") / "recipes"
    assert conda(record, "--output", output, "--url-base", PATTERN) == 0
    return output


@pytest.fixture
def recipes(written: Path, tmp_path: Path) -> Path:
    """Return the folder of the release's recipes, which a test may change."""
    return Path(shutil.copytree(written, tmp_path / "recipes"))


def changed(recipes: Path, old: str, new: str) -> Path:
    """Return the runtime's recipe with another text."""
    recipe = recipes / RUNTIME / "recipe.yaml"
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new))
    return recipe


def test_each_project_has_a_recipe_and_its_licenses(record: Path, recipes: Path) -> None:
    assert sorted(path.name for path in recipes.iterdir()) == [COMPILER, RUNTIME]
    assert (recipes / RUNTIME / "licenses/LICENSE").read_text() == LICENSE
    text = (recipes / RUNTIME / "recipe.yaml").read_text()
    assert all(text.count(file.sha256) for file in read_record(record).files if file.project == RUNTIME)


def test_the_same_release_gives_the_same_bytes(record: Path, recipes: Path, tmp_path: Path) -> None:
    before = (recipes / RUNTIME / "recipe.yaml").read_bytes()
    assert conda(record, "--output", tmp_path / "again", "--url-base", PATTERN) == 0
    assert (tmp_path / "again" / RUNTIME / "recipe.yaml").read_bytes() == before


def test_own_recipes_have_no_drift(record: Path, recipes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for project in (RUNTIME, COMPILER):
        code, text = check(record, recipes / project, capsys, "--url-base", PATTERN)
        assert (code, text.splitlines()[0]) == (0, f"no drift in {project}: the recipes have what the release has")
    code, text = check(record, recipes / RUNTIME, capsys, "--check", recipes / COMPILER, "--url-base", PATTERN)
    assert code == 0
    assert "not compared" not in text


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        ("    - numpy >=1.24,<3\n", "", ("run", "all", "-", "numpy")),
        ("    - numpy >=1.24,<3\n", "    - numpy >=1.20\n", ("run", "all", "numpy >=1.20", "numpy >=1.24,<3")),
        ("    - numpy", "    - scipy\n    - numpy", ("run", "all", "scipy", "-")),
        (
            'if: match(python, "3.11.*")\n      then: tomli >=2',
            "if: linux\n      then: tomli >=2",
            ("run", "osx-64", "-", "tomli"),
        ),
        ("if: win\n      then: pywin32", "if: false\n      then: pywin32", ("run", "win-64", "-", "pywin32")),
        ('version: "3.12.0"', 'version: "3.11.0"', ("version", "all", "3.11.0", "3.12.0")),
        ("license: Apache-2.0", "license: MIT", ("license", "all", "MIT", "Apache-2.0")),
        ("      - beads = abacus_runtime.cli:main\n", "", ("entry point", "all", "-", "beads")),
        (
            "    - python\n    - numpy",
            "    - python >=3.9\n    - numpy",
            ("python", "all", "python >=3.9", "python >=3.11"),
        ),
        (
            "- not (match",
            '- linux and aarch64 and match(python, "3.12.*")\n    - not (match',
            ("skip", "linux-aarch64 Python 3.12", "skipped", "has a wheel"),
        ),
    ],
)
def test_drift_is_found(
    record: Path, recipes: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, row: tuple[str, ...]
) -> None:
    code, text = check(record, changed(recipes, old, new), capsys)
    assert code == 1
    assert any(all(part in line for part in row) for line in text.splitlines()), text


def test_another_wheel_and_another_url_are_drift(record: Path, recipes: Path) -> None:
    wheels = {file.name: file.sha256 for file in read_record(record).files}
    sha256 = wheels["abacus_runtime-3.12.0-cp312-cp312-win_amd64.whl"]
    recipe = recipes / RUNTIME / "recipe.yaml"
    recipe.write_text(re.sub(f'sha256: "?{sha256}"?\n', "sha256: ab\n", recipe.read_text()))
    ((field, where, mine, theirs),) = drift_rows(record, recipe)
    assert (field, where) == ("sha256", "win-64 Python 3.12")
    assert (mine[:3], theirs[:64]) == ("ab ", sha256)
    recipe.write_text(recipe.read_text().replace("sha256: ab\n", f'sha256: "{sha256}"\n').replace(HOST, "https://old"))
    assert {row[0] for row in drift_rows(record, recipe, "--url-base", PATTERN)} == {"url"}


def test_a_feedstock_that_builds_from_source_is_compared(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As TileDB's: the bot raises the version and the sha256, and the requirements stay as they were."""
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe/recipe.yaml").write_text(SOURCE_BUILD)
    (tmp_path / "names.toml").write_text('typing-extensions = "typing_extensions"\n')
    options = ("--name-map", tmp_path / "names.toml", "--ignore", "libabacus")
    code, text = check(record, tmp_path, capsys, *options)
    assert code == 0
    assert "is built from https://host/abacus-3.12.0.tar.gz" in text
    assert "the requirement cudart has a condition that only the build knows; not compared" in text
    assert check(record, tmp_path, capsys, *options[:2])[0] == 1


def recipe_of(tmp_path: Path, run: Sequence[str], **fields: str) -> Path:
    """Write the recipe of a runtime that is built from source."""
    texts = {"name": RUNTIME, "version": "3.12.0", "license": "Apache-2.0", "url": "https://host/x.zip", **fields}
    (tmp_path / "recipe.yaml").write_text(
        f"context:\n  name: Abacus\n  version: {texts['version']}\n"
        f"package:\n  name: {texts['name']}\n  version: ${{{{ version }}}}\n"
        f"build:\n  skip: {texts.get('skip', 'false')}\n"
        f"source:\n  url: {texts['url']}\n  sha256: {texts.get('sha256', '00')}\n"
        f"about:\n  license: {texts['license']}\nrequirements:\n  run:\n" + "".join(f"    - {line}\n" for line in run)
    )
    return tmp_path / "recipe.yaml"


RUN = (
    "python",
    "numpy >=1.24,<3",
    "typing-extensions ~=4.7",
    "{if: 'match(python, \"3.11.*\")', then: tomli >=2}",
    "{if: win, then: pywin32}",
)


@pytest.mark.parametrize(
    ("name", "run", "note"),
    [
        ("${{ name | lower }}-runtime", RUN, "is built from"),
        ("${{ name ~ '-runtime' | lower }}", (*RUN[:1], "numpy >=${{ numpy }}", *RUN[2:]), "the versions of numpy >="),
        (RUNTIME, ("python >=${{ least }}", *RUN[1:], "${{ 'x' if false }}"), "the versions of python >="),
        (RUNTIME, ("python >=one", *RUN[1:]), "the versions of python >="),
        (RUNTIME, (*RUN[:1], "numpy >=1.24,<2|>=2,<3", *RUN[2:]), "the versions of numpy >="),
        (RUNTIME, (*RUN, "${{ cuda }}"), "the requirement ${{ cuda }} cannot be read; not compared"),
        (RUNTIME, (*RUN, "{if: cuda, then: cudart}"), "the requirement cudart has a condition"),
        (RUNTIME, (*RUN[:1], "{if: cuda, then: numpy}", *RUN[2:]), "the requirement numpy has a condition"),
    ],
)
def test_what_is_not_compared_is_named(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, run: Sequence[str], note: str
) -> None:
    code, text = check(record, recipe_of(tmp_path, run, name=name), capsys)
    assert code == 0, text
    assert text.startswith(f"no drift in {RUNTIME}: ")
    assert f"recipe.yaml: {note}" in text
    assert f"note: {COMPILER}: no recipe of --check makes its package" in text


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"version": "${{ newest }}"}, "its version ${{ version }} is known only to the build"),
        ({"license": "${{ mine }}"}, "its license ${{ mine }} is known only to the build"),
        ({"skip": "win and (1 in 'x' or true)"}, "is built from"),
        ({"skip": "match(python, '<3.12') and win"}, "is skipped on win-64 Python 3.11; not compared there"),
    ],
)
def test_facts_that_are_not_compared_are_named(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fields: dict[str, str], note: str
) -> None:
    code, text = check(record, recipe_of(tmp_path, RUN, **fields), capsys)
    assert code == 0, text
    assert f"recipe.yaml: {note}" in text


def test_drift_of_an_output_with_a_computed_name_is_found(record: Path, tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, (*RUN[:1], "numpy >=99", *RUN[2:]), name="${{ name | lower }}-runtime")
    assert drift_rows(record, recipe) == [("run", "", "numpy >=99", "numpy >=1.24,<3")]


def test_a_name_of_one_platform_is_compared_there(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"${{{{ '{RUNTIME}' if win else 'other' }}}}"
    recipe = recipe_of(tmp_path, (*RUN[:1], "numpy >=99", *RUN[2:]), name=name)
    assert "numpy >=99" in check(record, recipe, capsys)[1]


@pytest.mark.parametrize(
    ("fields", "options", "reason"),
    [
        ({"name": "abacus-${{ blas }}"}, (), "makes abacus-${{ blas }}, whose name only the build knows"),
        ({"skip": "true"}, (), "no recipe of --check makes its package abacus-runtime"),
        ({}, ("--project", COMPILER, "--project", RUNTIME), "no recipe of --check makes its package abacus-compiler"),
    ],
)
def test_no_drift_is_not_said_of_what_is_not_compared(
    record: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fields: dict[str, str],
    options: Sequence[str],
    reason: str,
) -> None:
    code, text = check(record, recipe_of(tmp_path, RUN, **fields), capsys, *options)
    assert code == 1
    assert "no drift" not in text
    assert reason in text


@pytest.fixture(scope="module")
def pure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a pure wheel for one Python, and of an sdist."""
    folder = tmp_path_factory.mktemp("pure")
    metadata = METADATA.replace(">=3.11", ">=3.11.4,<3.13")
    (wheel,) = conda_wheels(folder / "wheels", RUNTIME, PURE, metadata=metadata)
    sdist = folder / "wheels" / "abacus_runtime-3.12.0.tar.gz"
    sdist.write_bytes(b"sdist")
    return write_conda_record(folder, [wheel, sdist])


@pytest.mark.parametrize(
    ("url", "options", "row"),
    [
        (f"{HOST}/abacus_runtime-3.12.0.tar.gz", ("--url-base", HOST), None),
        ("https://old/abacus_runtime-3.12.0.tar.gz", ("--url-base", HOST), "url"),
        ("https://old/packages/source/a/abacus/abacus_runtime-3.12.0.tar.gz", ("--url-base", HOST), None),
        ("https://old/${{ x }}/abacus_runtime-3.12.0.tar.gz", ("--url-base", HOST), None),
        (f"[https://old/x.tar.gz, {HOST}/abacus_runtime-3.12.0.tar.gz]", ("--url-base", HOST), None),
        ("https://old/abacus_runtime-3.12.0.tar.gz", (), None),
    ],
)
def test_the_url_of_an_sdist_is_compared(
    pure: Path, tmp_path: Path, url: str, options: Sequence[str], row: str | None
) -> None:
    sha256 = next(file.sha256 for file in read_record(pure).files if not file.is_wheel)
    recipe = recipe_of(tmp_path, ["python >=3.11.4"], url=url, sha256=sha256)
    assert [found[0] for found in drift_rows(pure, recipe, *options)] == ([row] if row else [])


def test_an_index_need_not_have_the_sdist(pure: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (wheel,) = (pure / "files").glob("*.whl")
    published = f"folder:{tmp_path / 'published'}"
    with open_destination(published, DestinationOptions()) as destination:
        destination.send(wheel)
        destination.commit(pure)
    sha256 = next(file.sha256 for file in read_record(pure).files if not file.is_wheel)
    recipe = recipe_of(tmp_path, ["python"], url="https://host/abacus_runtime-3.12.0.tar.gz", sha256=sha256)
    code, text = check(pure, recipe, capsys, "--from", published)
    assert code == 0
    assert "since that of abacus_runtime-3.12.0.tar.gz is not known" in text


def test_an_old_recipe_is_named_as_such(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe/meta.yaml").write_text('{% set version = "3.12.0" %}\npackage:\n  name: abacus\n')
    code, text = check(record, tmp_path, capsys)
    assert code == 1
    assert "is of conda-build's format (v0)" in text
    assert "conda-recipe-manager convert" in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "is not YAML"),
        ("a: 1\na: 2\n", "is not YAML"),
        ("- a\n", "neither `package` nor `outputs`"),
        ("package:\n  name: other\n", "makes no package of the release"),
    ],
)
def test_files_that_are_not_recipes_are_refused(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    code, printed = check(record, tmp_path, capsys)
    assert code == 1
    assert reason in printed


def test_outputs_inherit_from_the_recipe(record: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(
        "recipe:\n  version: 3.11.0\nabout:\n  license: MIT\noutputs:\n"
        "  - package:\n      name: abacus-compiler\n    requirements:\n      run:\n"
        "        - python\n        - ${{ pin_subpackage('abacus-runtime', exact=True) }}\n        - ml-dtypes\n"
        "  - package:\n      name: other\n"
    )
    rows = drift_rows(record, tmp_path / "recipe.yaml")
    assert [row[0] for row in rows] == ["version", "license"]


def test_urls_are_those_of_an_index(tmp_path: Path) -> None:
    (wheel,) = conda_wheels(tmp_path / "wheels", RUNTIME, PURE)
    record = write_conda_record(tmp_path, [wheel])
    with open_destination(f"folder:{tmp_path / 'published'}", DestinationOptions()) as destination:
        destination.send(wheel)
        destination.commit(record)
    assert conda(record, "--output", tmp_path / "out", "--from", f"folder:{tmp_path / 'published'}") == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert f"url: {(tmp_path / 'published' / wheel.name).as_uri()}\n" in text


def test_urls_are_those_of_simple_pages(tmp_path: Path, httpserver: HTTPServer) -> None:
    (wheel,) = conda_wheels(tmp_path / "wheels", RUNTIME, PURE)
    record = write_conda_record(tmp_path, [wheel])
    (file,) = read_record(record).files
    link = f'<a href="../../files/{file.sha256}/{wheel.name}#sha256={file.sha256}">{wheel.name}</a>'
    httpserver.expect_request(f"/simple/{RUNTIME}/").respond_with_data(link, content_type="text/html")
    assert conda(record, "--output", tmp_path / "out", "--from", httpserver.url_for("/simple/")) == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert f"url: {httpserver.url_for(f'/files/{file.sha256}/{wheel.name}')}\n" in text


def test_a_wheel_that_the_index_lacks_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = write_conda_record(tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PURE))
    assert conda(record, "--output", tmp_path / "out", "--from", f"folder:{tmp_path / 'nothing'}") == 1
    assert "Publish the release there first." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("index", "--from: 'index' is not an index or a folder"),
        ("index:", "--from: 'index:' has no path"),
        ("https://u:secret@host/simple/", "--from: the URL https://host/simple/ contains credentials"),
    ],
)
def test_a_wrong_source_is_refused_by_its_option(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, message: str
) -> None:
    assert conda(record, "--output", tmp_path / "out", "--from", source) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert "upload endpoint" not in printed
    assert "--to" not in printed


def test_urls_are_needed_for_a_recipe(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert conda(record, "--output", tmp_path / "out") == 1
    assert "Give --from INDEX or --url-base URL." in capsys.readouterr().err


def test_a_recipe_of_another_hand_is_not_replaced(
    record: Path, recipes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conda(record, "--output", recipes, "--url-base", PATTERN) == 0
    recipe = recipes / RUNTIME / "recipe.yaml"
    recipe.write_text("# Mine.\n")
    assert conda(record, "--output", recipes, "--url-base", PATTERN) == 1
    assert "is not replaced" in capsys.readouterr().err
    assert recipe.read_text() == "# Mine.\n"


def test_wheels_that_differ_in_their_metadata_are_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheels = conda_wheels(tmp_path / "wheels", RUNTIME, PER_PYTHON[:1])
    wheels += conda_wheels(tmp_path / "wheels", RUNTIME, PER_PYTHON[-1:], requires=["numpy"])
    record = write_conda_record(tmp_path, wheels)
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 1
    assert "has other Requires-Dist than" in capsys.readouterr().err


def test_a_local_version_has_the_name_of_its_wheel(tmp_path: Path) -> None:
    version = "3.12.0+cu118"
    record = write_conda_record(
        tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PURE, version=version), version=version
    )
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert f"url: {HOST}/abacus_runtime-3.12.0%2Bcu118-py3-none-any.whl\n" in text
    assert "file_name: abacus_runtime-3.12.0+cu118-py3-none-any.whl\n" in text


def test_wheels_may_differ_in_their_extras(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As psutil's: the requirements of its tests are those of the platform that built the wheel."""
    lines = (["numpy>=1", "rich", "pytest ; extra == 'test'"], ["rich", "numpy >=1", "wmi ; extra == 'test'"])
    wheels = [
        wheel
        for tags, requires in zip((PER_PYTHON[:1], PER_PYTHON[-1:]), lines)
        for wheel in conda_wheels(tmp_path / "wheels", RUNTIME, tags, requires=requires)
    ]
    assert conda(write_conda_record(tmp_path, wheels), "--output", tmp_path / "out", "--url-base", HOST) == 0
    printed = capsys.readouterr().out
    assert "pytest; extra" in printed
    assert "wmi; extra" in printed


def test_other_versions_of_a_requirement_split_a_pure_wheel(tmp_path: Path) -> None:
    requires = ["numpy<2 ; python_version<'3.12'", "numpy>=2 ; python_version>='3.12'"]
    record = write_conda_record(tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PURE, requires=requires))
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert "noarch" not in text
    assert '    - if: match(python, "3.11.*")\n      then: numpy <2\n' in text
    assert '    - if: match(python, ">=3.12")\n      then: numpy >=2\n' in text


@pytest.mark.parametrize(
    ("requires_python", "python"),
    [
        ("~=3.8.1", "python >=3.8.1,3.8.*"),
        ("~=3.8", "python >=${{ python_min }},3.*"),
        (">3.8.2", "python >3.8.2"),
        (">=3.8.2,>3.8", "python >=3.8.2,>3.8"),
        ("==3.11.4", "python >=${{ python_min }},==3.11.4"),
        (">=3.8,<4", "python >=${{ python_min }},<4"),
        ("<3.12,!=3.9.*", "python >=${{ python_min }},<3.12,!=3.9.*"),
    ],
)
def test_the_pythons_of_a_package_for_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], requires_python: str, python: str
) -> None:
    metadata = METADATA.replace(">=3.11", requires_python)
    record = write_conda_record(tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PURE, metadata=metadata))
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    recipe = tmp_path / "out" / RUNTIME / "recipe.yaml"
    assert f"  run:\n    - {python}\n" in recipe.read_text()
    assert check(record, recipe, capsys)[0] == 0


def test_texts_of_a_wheel_are_not_templates(tmp_path: Path) -> None:
    metadata = METADATA.replace("what beads", "${{ matrix.os }} {% {#")
    record = write_conda_record(tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PURE, metadata=metadata))
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    recipe = tmp_path / "out" / RUNTIME / "recipe.yaml"
    (kept,) = read_recipes(recipe)
    summary = kept.section("about", "summary")
    assert summary == "Counts: ${{ '${{' }} matrix.os }} ${{ '{%' }} ${{ '{#' }} count"
    assert kept.evaluator(Variant(USUAL[0], 12)).text(summary) == "Counts: ${{ matrix.os }} {% {# count"


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("https://u:secret@host/{sha256}", "contains credentials"),
        ("not a url", "is not an http, https or file URL"),
        ("https://", "is not an http, https or file URL"),
        ("https://[host/", "is not an http, https or file URL"),
        ("ftp://host/files", "is not an http, https or file URL"),
        ("https://host/files?token=1", "is not the URL of a folder"),
    ],
)
def test_addresses_below_which_no_file_can_be(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], base: str, reason: str
) -> None:
    assert conda(record, "--output", tmp_path / "out", "--url-base", base) == 1
    printed = capsys.readouterr()
    assert reason in printed.err
    assert "secret" not in printed.err + printed.out
    assert not (tmp_path / "out").exists()


def test_a_platform_only_requirement_splits_a_pure_wheel(tmp_path: Path) -> None:
    wheels = conda_wheels(tmp_path / "wheels", RUNTIME, PURE, requires=["pywin32 ; sys_platform == 'win32'"])
    record = write_conda_record(tmp_path, wheels)
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert "noarch" not in text
    assert "version_independent: true" in text
    assert "    - if: win\n      then: pywin32\n" in text


def test_a_wheel_for_any_python_keeps_to_requires_python(tmp_path: Path) -> None:
    metadata = "Requires-Python: >=3.9.2,<3.15,!=3.11.*\n"
    requires = ["tomli ; python_version < '3.11'"]
    wheels = conda_wheels(tmp_path / "wheels", RUNTIME, ["py3-none-win_amd64"], requires=requires, metadata=metadata)
    record = write_conda_record(tmp_path, wheels)
    assert conda(record, "--output", tmp_path / "out", "--url-base", HOST) == 0
    text = (tmp_path / "out" / RUNTIME / "recipe.yaml").read_text()
    assert '    - not (match(python, ">=3.9,<3.11") or match(python, ">=3.12,<3.15"))\n' in text
    assert '    - if: match(python, "<3.11")\n      then: tomli\n' in text


def test_the_user_adds_tests_maintainers_and_names(tmp_path: Path) -> None:
    wheels = conda_wheels(tmp_path / "wheels", RUNTIME, PURE, metadata=METADATA.replace("License", "X-License"))
    record = write_conda_record(tmp_path, wheels)
    (tmp_path / "names.toml").write_text(f'{RUNTIME} = "libabacus"\n')
    options = ("--test-command", "abacus --version", "--maintainer", "ada", "--build-number", "3")
    output = tmp_path / "out"
    assert conda(record, "--output", output, "--url-base", HOST, "--name-map", tmp_path / "names.toml", *options) == 0
    text = (output / "libabacus/recipe.yaml").read_text()
    assert "  - script:\n      - abacus --version\n" in text
    assert "extra:\n  recipe-maintainers:\n    - ada\n" in text
    assert "  number: 3\n" in text
