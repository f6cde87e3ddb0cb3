"""Tests of the contents of the wheels that `tailor` proposes."""

from __future__ import annotations

from dataclasses import replace

from spokeshave_pants.wheel.tailor.modules import Evidence, Project, PythonTree
from spokeshave_pants.wheel.tailor.wheels import (
    ExtensionTarget,
    WheelContent,
    listed,
    owners_in,
    version_comment,
    version_module,
    wheel_contents,
)


def tree(*projects: Project, **packages: str) -> PythonTree:
    folders = {folder.replace("__", "/"): package for folder, package in packages.items()}
    return PythonTree(folders, frozenset(folders.values()), projects)


def extension(address: str, module: str) -> ExtensionTarget:
    return ExtensionTarget(address.partition(":")[0], address, module)


def test_the_project_of_the_package_has_the_wheel() -> None:
    one = Project("one", "one")
    two = Project("two", "two")
    layout = tree(one, two, one__src__a="a", one__src__a__b="a.b", two__c="c")
    native = extension("cpp:x", "a.b._x")
    assert wheel_contents([native], layout) == (WheelContent(one, (native,), ("one/src/a", "one/src/a/b")),)


def test_a_project_may_be_in_the_package() -> None:
    project = Project("src/a", "dist")
    native = extension("src/a:x", "a._x")
    assert wheel_contents([native], tree(project, src__a="a")) == (WheelContent(project, (native,), ("src/a",)),)


def test_a_top_level_module_belongs_to_the_project_of_its_target() -> None:
    project = Project("p", "fast")
    native = extension("p/lib:fast", "fast")
    assert wheel_contents([native], tree(project)) == (WheelContent(project, (native,), ()),)


def test_the_package_named_like_the_project_is_part_of_the_wheel() -> None:
    project = Project("p", "My-Dist")
    native = extension("p:x", "_x")
    (content,) = wheel_contents([native], tree(project, p__my_dist="my_dist", p__other="other"))
    assert content.package_folders == ("p/my_dist",)


def test_without_a_project_there_is_no_wheel() -> None:
    assert wheel_contents([extension("a:x", "a._x")], tree(a="a")) == ()


def test_extensions_in_folders_for_tests_are_not_in_the_wheel() -> None:
    project = Project("p", "p")
    layout = tree(project, p__src__one="one")
    native = extension("p/ext:x", "one._x")
    tested = [extension("p/tests/ext:helper", "helper"), extension("p/src/one/tests:_h", "one.tests._h")]
    (content,) = wheel_contents([native, *tested, extension("cpp/test:x", "one._y")], layout)
    assert content.extensions == (native,)
    assert wheel_contents(tested, layout) == ()
    assert wheel_contents([extension("tests/ext:helper", "helper")], tree(Project("", "p"))) == ()


def test_a_project_in_a_folder_for_tests_has_a_wheel() -> None:
    project = Project("tests/python/one", "one")
    found = [extension("tests/cpp:x", "one._x"), extension("tests/python/one/ext:y", "one._y")]
    (content,) = wheel_contents(found, tree(project, tests__python__one__one="one"))
    assert content.extensions == tuple(found)


def test_a_package_of_two_projects_is_next_to_its_target() -> None:
    one = Project("one", "one")
    two = Project("two", "two")
    layout = tree(one, two, one__a="a", two__a="a")
    assert [content.project for content in wheel_contents([extension("two/x:x", "a._x")], layout)] == [two]
    assert wheel_contents([extension("cpp:x", "a._x")], layout) == ()


def test_the_targets_of_sources_and_data_are_listed() -> None:
    content = WheelContent(Project("p", "p"), (), ("p/a", "p/a/b", "tests/c"))
    owners = {
        "tests/c/data/x.json": "tests/c:data",
        "p/a/m.py": "p/a:a",
        "p/a/b/m.py": "p/a/b:b",
        "p/a/data/x.json": "p/a:data",
        "p/a/tests/x.json": "p/a/tests:data",
        "p/a/tests/util.py": "p/a/tests:tests",
        "p/other/m.py": "p/other:other",
        "p/a/n.py": "p/a:a",
    }
    assert owners_in(content, owners) == ("p/a/b:b", "p/a:data", "p/a:a", "tests/c:data")


def test_dependencies_of_the_same_file_are_first() -> None:
    assert listed(["z/a:a", "p:x", "b:b", "p:x"], "p") == (":x", "b", "z/a")


def test_a_missing_version_file_is_in_a_comment() -> None:
    dynamic = Project("p", "p", has_dynamic_version=True)
    assert "version.json" in version_comment(dynamic, [])[0]
    assert version_comment(dynamic, ["p/version.json"]) == ()
    assert version_comment(Project("p", "p"), []) == ()


def test_an_imported_version_module_is_generated() -> None:
    dynamic = Project("p", "p", has_dynamic_version=True)
    content = WheelContent(dynamic, (), ("p/a", "p/a/b"))

    def found(*evidence: tuple[str, str], project: Project = dynamic) -> str | None:
        layout = replace(tree(project, p__a="a", p__a__b="a.b"), evidence=tuple(Evidence(*each) for each in evidence))
        return version_module(replace(content, project=project), layout)

    assert found(("a._version", "p/a/__init__.py"), ("a._version", "p/a/_version.pyi")) == "a/_version.py"
    assert found(("a._version", "p/tests/test_a.py")) is None
    assert found(("other._version", "p/a/__init__.py")) is None
    assert found(("a._version", "p/a/m.py"), ("a.b._version", "p/a/m.py")) is None
    assert found(("a._version", "p/a/__init__.py"), project=Project("p", "p")) is None
