from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

import pytest
from pyproject_metadata.constants import KNOWN_PROJECT_FIELDS

from spokeshave.assemble.metadata import WheelMetadata, read_metadata
from spokeshave.errors import InvalidMetadataError
from spokeshave.testing.wheel_fixtures import write_tree
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave_core.problems import Problems
from spokeshave_core.wheel_name import UNSTAMPED

HEAD = '[project]\nname = "a"\n'
DYNAMIC = f'{HEAD}dynamic = ["version"]\n'


def read(folder: Path, text: str, *pins: str, **files: str) -> WheelMetadata:
    names = {name.replace("__", "."): content for name, content in files.items()}
    write_tree(folder, {"pyproject.toml": text, **names})
    metadata = read_metadata(folder / "pyproject.toml", pins)
    assert read_core_metadata(metadata.core_metadata).faults == ()
    return metadata


def problems_of(folder: Path, text: str, *pins: str) -> dict[str, str]:
    with pytest.raises(InvalidMetadataError) as caught:
        read(folder, text, *pins)
    assert all(problem.remedy for problem in caught.value.problems)
    prefix = f"{folder / 'pyproject.toml'}: "
    return {problem.place.replace(prefix, ""): problem.message for problem in caught.value.problems}


def headers(metadata: WheelMetadata, name: str) -> list[str]:
    return message_from_bytes(metadata.core_metadata).get_all(name, [])


def requirements(metadata: WheelMetadata) -> list[str]:
    return headers(metadata, "Requires-Dist")


def test_version_is_the_placeholder_whether_static_or_dynamic(tmp_path: Path) -> None:
    dynamic = read(tmp_path, DYNAMIC)
    static = read(tmp_path, f'{HEAD}version = "1.04.5"\n')
    assert headers(dynamic, "Version") == headers(static, "Version") == [UNSTAMPED]
    assert (dynamic.static_version, static.static_version) == (None, "1.4.5")


def test_version_that_is_both_or_neither_is_refused(tmp_path: Path) -> None:
    assert "project.version" in problems_of(tmp_path, f'{DYNAMIC}version = "1"\n')
    assert "project.version" in problems_of(tmp_path, HEAD)


def test_every_other_dynamic_field_is_refused_with_a_remedy(tmp_path: Path) -> None:
    text = f'{HEAD}dynamic = ["version", "readme", "dependencies", "classifiers"]\ndependencies = []\n'
    with pytest.raises(InvalidMetadataError) as caught:
        read(tmp_path, text)
    assert [problem.message.split(",")[0] for problem in caught.value.problems] == [
        "are both set and dynamic",
        "lists readme",
        "lists classifiers",
    ]
    assert "Set readme under [project]" in caught.value.problems[1].remedy


@pytest.mark.parametrize(
    ("readme", "kind"),
    [
        ('"R.md"', "text/markdown"),
        ('"R.MD"', "text/markdown"),
        ('"R.rst"', "text/x-rst"),
        ('"R.txt"', "text/plain"),
        ('{file = "R.md", content-type = "text/plain; charset=UTF-8"}', "text/plain; charset=UTF-8"),
        ('{text = "# Tëxt\\n\\nFrom: x\\n", content-type = "text/markdown"}', "text/markdown"),
    ],
)
def test_readme_in_each_form(tmp_path: Path, readme: str, kind: str) -> None:
    files = dict.fromkeys(["R__md", "R__MD", "R__rst", "R__txt"], "# Tëxt\n\nFrom: x\n")
    metadata = read(tmp_path, f"{DYNAMIC}readme = {readme}\n", **files)
    assert headers(metadata, "Description-Content-Type") == [kind]
    assert metadata.core_metadata.decode().partition("\n\n")[2] == "# Tëxt\n\nFrom: x\n"


def test_readme_with_windows_line_ends_gives_the_same_metadata(tmp_path: Path) -> None:
    text = f'{DYNAMIC}readme = "R.md"\n'
    unix = read(tmp_path, text, R__md="a\n\nb\n")
    (tmp_path / "R.md").write_bytes(b"a\r\n\r\nb\r\n")
    assert read_metadata(tmp_path / "pyproject.toml").core_metadata == unix.core_metadata


def test_license_expression_and_files_go_to_their_places(tmp_path: Path) -> None:
    write_tree(tmp_path, {"LICENSE": "x", "third/party/COPYING": "y", "third/party/NOTICE": "z"})
    metadata = read(
        tmp_path, f'{DYNAMIC}license = "mit OR apache-2.0"\nlicense-files = ["LICEN*", "third/**/[CN]O*"]\n'
    )
    assert headers(metadata, "License-Expression") == ["MIT OR Apache-2.0"]
    assert headers(metadata, "License-File") == ["LICENSE", "third/party/COPYING", "third/party/NOTICE"]
    assert {name: path.read_text() for name, path in metadata.license_files.items()} == {
        "LICENSE": "x",
        "third/party/COPYING": "y",
        "third/party/NOTICE": "z",
    }


USUAL = {"LICENSE": "a", "LICENCE__MIT": "b", "COPYING__LESSER": "c", "NOTICE__txt": "d", "AUTHORS__md": "e"}
USUAL_NAMES = ["AUTHORS.md", "COPYING.LESSER", "LICENCE.MIT", "LICENSE", "NOTICE.txt"]
OTHER = {"README__md": "f", "LICENSE~": "g", "license-check__py": "h", "UNLICENSE": "i", "LICENSES__d/MIT": "j"}


@pytest.mark.parametrize(
    "license_", ["", 'license = "MIT"\n', 'license = {text = "MIT"}\n', 'license = {file = "LICENSE"}\n']
)
def test_default_license_files_are_found(tmp_path: Path, license_: str) -> None:
    metadata = read(tmp_path, DYNAMIC + license_, **USUAL, **OTHER)
    assert sorted(headers(metadata, "License-File")) == sorted(metadata.license_files) == USUAL_NAMES
    assert headers(metadata, "Metadata-Version") == ["2.4"]
    assert {name: path.read_text() for name, path in metadata.license_files.items()} == {
        name.replace("__", "."): text for name, text in USUAL.items()
    }


def test_only_the_named_license_files_are_taken(tmp_path: Path) -> None:
    assert not read(tmp_path, f"{DYNAMIC}license-files = []\n", **USUAL).license_files
    metadata = read(tmp_path, f'{DYNAMIC}license-files = ["NOTICE*"]\n', **USUAL)
    assert headers(metadata, "License-File") == list(metadata.license_files) == ["NOTICE.txt"]
    assert not read(write_tree(tmp_path / "none", {"LICENSE/MIT": "x"}), DYNAMIC).license_files


@pytest.mark.parametrize("extra", ["", 'import-names = ["a"]\n'])
def test_legacy_license_file_has_no_checkout_path(tmp_path: Path, extra: str) -> None:
    write_tree(tmp_path, {"LICENSE": "One\n\n  Two\n"})
    for path in ("LICENSE", "../p/LICENSE"):
        project = write_tree(tmp_path / "p", {"LICENSE": "One\n\n  Two\n"})
        metadata = read(project, f'{DYNAMIC}license = {{file = "{path}"}}\n{extra}')
        assert headers(metadata, "License-File") == ["LICENSE"]
        assert list(metadata.license_files) == ["LICENSE"]
        assert str(tmp_path) not in metadata.core_metadata.decode()
        assert "License: One\n         \n           Two\n" in metadata.core_metadata.decode()


def test_legacy_license_text_may_have_lines(tmp_path: Path) -> None:
    metadata = read(tmp_path, f'{DYNAMIC}license = {{text = "One\\r\\nTwo\\n"}}\n')
    assert "License: One\n         Two\n" in metadata.core_metadata.decode()


LINKED = "third-party/ziglang/lib/libcxx/LICENSE.TXT"


@pytest.mark.parametrize(
    "license_",
    [
        "",
        'license = "MIT"\n',
        "license-files = []\n",
        'license = {text = "MIT"}\n',
        'license = {file = "LICENSE"}\n',
    ],
)
def test_licenses_of_linked_software_follow_the_own_ones(tmp_path: Path, license_: str) -> None:
    write_tree(tmp_path, {"pyproject.toml": DYNAMIC + license_, "LICENSE": "own", "libcxx": "linked"})
    metadata = read_metadata(tmp_path / "pyproject.toml", licenses={LINKED: tmp_path / "libcxx"})
    assert read_core_metadata(metadata.core_metadata).faults == ()
    own = [] if "license-files" in license_ else ["LICENSE"]
    assert headers(metadata, "License-File") == list(metadata.license_files) == [*own, LINKED]
    assert metadata.license_files[LINKED].read_text() == "linked"


def test_own_license_at_the_path_of_a_linked_one_is_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": f'{DYNAMIC}license-files = ["third-party/**/LIC*"]\n', LINKED: "own"})
    with pytest.raises(InvalidMetadataError, match=f"project.license-files: names {LINKED}, which is the path of"):
        read_metadata(tmp_path / "pyproject.toml", licenses={LINKED: tmp_path / LINKED})


def test_license_without_spdx_expression_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path, f'{DYNAMIC}license = "The usual"\n') == {
        "project.license": "'The usual' is not an SPDX license expression"
    }


def test_missing_or_outside_license_files_are_refused(tmp_path: Path) -> None:
    text = f'{DYNAMIC}license-files = ["../LICENSE", "NONE*"]\n'
    with pytest.raises(InvalidMetadataError) as caught:
        read(tmp_path, text)
    assert [problem.place.rsplit(": ", 1)[1] for problem in caught.value.problems] == ["project.license-files"] * 2


def test_people_and_names_beyond_ascii(tmp_path: Path) -> None:
    authors = 'authors = [{name = "Zoë Ångström, PhD", email = "z@example.org"}, {name = "李"}, {email = "b@c.de"}]\n'
    metadata = read(
        tmp_path, f'{DYNAMIC.replace("[", "[", 1)}{authors}description = "Größe"\nkeywords = ["größe", "b"]\n'
    )
    text = metadata.core_metadata.decode("utf-8")
    assert 'Author-Email: "Zoë Ångström, PhD" <z@example.org>, b@c.de\n' in text
    assert "Author: 李\n" in text
    assert "Summary: Größe\n" in text


def test_people_with_an_address_only_have_no_name(tmp_path: Path) -> None:
    people = 'authors = [{email = "a@b.c"}, {name = "Unknown", email = "d@e.f"}]\nmaintainers = [{email = "g@h.i"}]\n'
    metadata = read(tmp_path, f"{DYNAMIC}{people}")
    assert headers(metadata, "Author-Email") == ["a@b.c, Unknown <d@e.f>"]
    assert headers(metadata, "Maintainer-Email") == ["g@h.i"]


def test_entry_points_in_all_groups_are_sorted(tmp_path: Path) -> None:
    text = DYNAMIC + (
        '[project.scripts]\nrun = "a.cli:main"\nb-2 = "a:b.c [x]"\n[project.gui-scripts]\nshow = "a.gui:main"\n'
        '[project.entry-points."a.plugins"]\n"an entry" = "a.plugin"\nx = "a:X"\n'
    )
    assert read(tmp_path, text).entry_points.decode() == (
        "[a.plugins]\nan entry = a.plugin\nx = a:X\n\n"
        "[console_scripts]\nb-2 = a:b.c [x]\nrun = a.cli:main\n\n"
        "[gui_scripts]\nshow = a.gui:main\n"
    )


def test_no_entry_points_give_no_file(tmp_path: Path) -> None:
    assert read(tmp_path, DYNAMIC).entry_points == b""


def test_all_invalid_entry_points_are_reported_together(tmp_path: Path) -> None:
    text = DYNAMIC + (
        '[project.scripts]\n"../x" = "a:b"\nfine = "a.cli"\nodd = "a-b:c"\nSame = "a:b"\n'
        '[project.gui-scripts]\nsame = "a:b"\n'
        '[project.entry-points.g]\n"a=b" = "a"\n"[x" = "a"\n[project.entry-points.console_scripts]\nx = "a:b"\n'
    )
    assert sorted(problems_of(tmp_path, text)) == [
        "project.entry-points.console_scripts",
        "project.entry-points.g.[x",
        "project.entry-points.g.a=b",
        "project.gui-scripts.same",
        "project.scripts.../x",
        "project.scripts.fine",
        "project.scripts.odd",
    ]


def test_extras_requirements_and_python_are_carried(tmp_path: Path) -> None:
    metadata = read(
        tmp_path,
        f'{DYNAMIC}requires-python = ">=3.9"\ndependencies = ["b[c]>1; os_name == \'posix\'", "d @ https://e.org/d.whl"]\n'
        "[project.optional-dependencies]\nMy_Extra = [\"f>2; os_name == 'x' or os_name == 'y'\"]\nempty = []\n",
    )
    assert metadata.requires_python == ">=3.9"
    assert headers(metadata, "Provides-Extra") == ["my-extra", "empty"]
    assert requirements(metadata)[:2] == ['b[c]>1; os_name == "posix"', "d @ https://e.org/d.whl"]
    assert requirements(metadata)[2] == 'f>2; (os_name == "x" or os_name == "y") and extra == "my-extra"'


def test_import_names_need_the_newer_metadata_version(tmp_path: Path) -> None:
    metadata = read(tmp_path, f'{DYNAMIC}import-names = ["a", "_a; private"]\nimport-namespaces = ["n"]\n')
    assert headers(metadata, "Metadata-Version") == ["2.5"]
    assert headers(metadata, "Import-Name") == ["a", "_a; private"]


def test_pin_that_nothing_requires_becomes_a_dependency(tmp_path: Path) -> None:
    metadata = read(tmp_path, DYNAMIC, "Abacus_Compiler")
    assert metadata.pins == ("abacus-compiler",)
    assert requirements(metadata) == [f"abacus-compiler=={UNSTAMPED}"]


def test_pin_replaces_requirements_but_keeps_extras_and_markers(tmp_path: Path) -> None:
    text = f'{DYNAMIC}dependencies = ["Sib.Ling[x]; os_name == \'posix\'", "siblings"]\n'
    text += '[project.optional-dependencies]\ne = ["sib-ling"]\n'
    assert requirements(read(tmp_path, text, "sib-ling")) == [
        f'Sib.Ling[x]=={UNSTAMPED}; os_name == "posix"',
        "siblings",
        f'sib-ling=={UNSTAMPED}; extra == "e"',
    ]


def test_pin_of_a_requirement_with_a_version_is_refused(tmp_path: Path) -> None:
    text = f'{DYNAMIC}dependencies = ["b>=1"]\n[project.optional-dependencies]\ne = ["b @ https://e.org/b"]\n'
    assert list(problems_of(tmp_path, text, "b")) == ["project.dependencies[0]", "project.optional-dependencies.e[0]"]


def test_all_problems_are_reported_together_by_key(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "-bad-"\nversion = "one"\ndescription = "two\\nlines"\nrequires-python = "3"\n'
        'readme = "NONE.md"\nlicense = "What"\ndependencies = ["a b c"]\nclassifiers = "x"\nunknown = 1\n'
        'authors = [{nom = "x"}, {name = "a\\nb"}]\nurls = {"long-long-long-long-long-long-long-label" = "x"}\n'
        '[project.optional-dependencies]\na_b = []\nA-B = []\n"?" = []\n[project.scripts]\nx = 1\n'
    )
    assert set(problems_of(tmp_path, text)) >= {
        "project",
        "project.authors[0]",
        "project.authors[1].name",
        "project.classifiers",
        "project.dependencies[0]",
        "project.description",
        "project.license",
        "project.name",
        "project.optional-dependencies.?",
        "project.optional-dependencies.A-B",
        "project.readme.file",
        "project.requires-python",
        "project.scripts.x",
        "project.urls",
        "project.version",
    }


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[project", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"", "is missing"),
        (b"project = 1", "is not a table"),
        (b"a = " + b"[" * 5000, "is not TOML"),
    ],
)
def test_invalid_pyproject_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(InvalidMetadataError, match=what):
        read_metadata(tmp_path / "pyproject.toml")


def test_missing_pyproject_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMetadataError, match=r"pyproject\.toml: cannot be read \(No such file"):
        read_metadata(tmp_path / "pyproject.toml")


def test_readme_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "R.md").write_bytes(b"\xff")
    assert "not UTF-8" in problems_of(tmp_path, f'{DYNAMIC}readme = "R.md"\n')["project"]


@pytest.mark.parametrize("key", sorted(KNOWN_PROJECT_FIELDS - {"name", "version"}))
@pytest.mark.parametrize("value", ["1", '"x"', "[1]", "{x = 1}", "[[]]", "{x = {y = 1}}", "true", "1979-05-27", "[{}]"])
def test_values_of_a_wrong_type_are_reported(tmp_path: Path, key: str, value: str) -> None:
    text = f'{HEAD}version = "1"\n{key} = {value}\n'
    problems = Problems()
    with problems.collecting():
        read(tmp_path, text)
    places = [problem.place for problem in problems.as_error(InvalidMetadataError).problems]
    assert [place for place in places if f": project.{key}" not in place] == []


def test_requirements_are_added_to_dynamic_dependencies(tmp_path: Path) -> None:
    text = f'{HEAD}dynamic = ["version", "dependencies"]\n[project.optional-dependencies]\nx = ["c"]\n'
    write_tree(tmp_path, {"pyproject.toml": text})
    found = read_metadata(tmp_path / "pyproject.toml", ["b"], ["numpy>=1.22; python_version < '3.12'", "b[fast]"])
    assert requirements(found) == [
        f"b[fast]=={UNSTAMPED}",
        'numpy>=1.22; python_version < "3.12"',
        'c; extra == "x"',
    ]


def test_requirements_for_static_dependencies_are_refused(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": f'{DYNAMIC}dependencies = ["a"]\n'})
    with pytest.raises(InvalidMetadataError, match="is not dynamic, so 'b' is not added"):
        read_metadata(tmp_path / "pyproject.toml", (), ["b"])
    write_tree(tmp_path, {"pyproject.toml": f'{HEAD}dynamic = ["version", "dependencies"]\n'})
    with pytest.raises(InvalidMetadataError, match="'b=1' is not a requirement"):
        read_metadata(tmp_path / "pyproject.toml", (), ["b=1"])
