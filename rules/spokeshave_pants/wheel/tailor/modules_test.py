"""Tests of the import names of extension modules, by the layouts of projects."""

from __future__ import annotations

from spokeshave_pants.wheel.tailor.modules import Evidence, ModuleName, Project, PythonTree, module_name


def tree(*evidence: tuple[str, str], projects: tuple[str, ...] = (), **packages: str) -> PythonTree:
    folders = {folder.replace("__", "/"): package for folder, package in packages.items()}
    named = tuple(Project(folder, folder.rpartition("/")[2] or "root") for folder in projects)
    return PythonTree(
        packages=folders,
        regular=frozenset(package for folder, package in folders.items() if folder != "p/examples"),
        projects=named,
        evidence=tuple(Evidence(module, path) for module, path in evidence),
    )


def test_a_source_in_a_package_is_a_module_of_it() -> None:
    layout = tree(src__pkg="pkg", src__pkg__sub="pkg.sub", src__other="other")
    assert module_name("_x", "src/pkg/x.c", layout) == ModuleName("pkg._x")
    assert module_name("_x", "src/pkg/sub/x.c", layout) == ModuleName("pkg.sub._x")


def test_a_source_below_a_package_is_a_module_of_it() -> None:
    assert module_name("_x", "src/pkg/native/src/x.c", tree(src__pkg="pkg")) == ModuleName("pkg._x")


def test_an_import_decides_before_the_folder() -> None:
    layout = tree(("pkg._x", "pkg/core/a.py"), pkg="pkg", pkg__core="pkg.core")
    assert module_name("_x", "pkg/core/x.c", layout) == ModuleName("pkg._x")


def test_an_import_of_another_package_does_not() -> None:
    layout = tree(("other._x", "other/a.py"), pkg="pkg", other="other")
    assert module_name("_x", "pkg/x.c", layout) == ModuleName("pkg._x")


def test_a_source_next_to_its_project_is_found_by_the_import() -> None:
    layout = tree(("one.deep._x", "p/src/one/a.py"), projects=("p",), p__src__one="one", p__src__two="two")
    assert module_name("_x", "p/ext/x.c", layout) == ModuleName("one.deep._x")
    assert module_name("_x", "p/x.c", layout) == ModuleName("one.deep._x")


def test_without_an_import_the_only_package_counts() -> None:
    layout = tree(projects=("p",), p__src="", p__src__one="one", p__src__one__sub="one.sub")
    assert module_name("_x", "p/ext/x.c", layout) == ModuleName("one._x")


def test_a_folder_of_scripts_is_not_a_package_of_the_project() -> None:
    layout = tree(projects=("p",), p__one="one", p__examples="examples")
    assert module_name("_x", "p/ext/x.c", layout) == ModuleName("one._x")


def test_the_package_named_like_the_project_counts() -> None:
    layout = tree(projects=("p",), p__p="p", p__extra="extra")
    assert module_name("_x", "p/ext/x.c", layout) == ModuleName("p._x")


def test_a_module_without_a_package_is_at_the_top_level() -> None:
    assert module_name("fast", "p/fast.c", tree(projects=("p",))) == ModuleName("fast")
    assert module_name("fast", "p/lib/fast.c", tree(("fast", "p/tests/test_it.py"), projects=("p",))) == ModuleName(
        "fast"
    )


def test_a_source_for_tests_is_not_a_module_of_the_project() -> None:
    layout = tree(projects=("p",), p__src__one="one")
    assert module_name("helper", "p/tests/ext/helper.c", layout) == ModuleName("helper")
    assert module_name("_h", "p/src/one/tests/_h.c", layout) == ModuleName("one.tests._h")
    assert module_name("_h", "p/src/one/core/test/src/_h.c", layout) == ModuleName("one.core.test._h")
    imported = tree(("one._h", "p/tests/test_h.py"), projects=("p",), p__src__one="one")
    assert module_name("_h", "p/tests/ext/_h.c", imported) == ModuleName("one._h")


def test_a_project_may_be_in_a_folder_for_tests() -> None:
    layout = tree(projects=("tests/p",), tests__p__one="one")
    assert module_name("_x", "tests/p/ext/x.c", layout) == ModuleName("one._x")
    assert module_name("_x", "tests/p/one/x.c", layout) == ModuleName("one._x")


def test_without_a_project_the_only_package_below_counts() -> None:
    layout = tree(lib__a__pkg="pkg", lib__b__other="other")
    assert module_name("_x", "lib/a/x.c", layout) == ModuleName("pkg._x")
    assert module_name("_x", "cpp/x.c", layout) == ModuleName("_x")


def test_projects_do_not_take_the_modules_of_others() -> None:
    layout = tree(("a._x", "a/a/m.py"), projects=("a", "b"), a__a="a", b__b="b")
    assert module_name("_x", "b/ext/x.c", layout) == ModuleName("b._x")
    assert module_name("_x", "a/ext/x.c", layout) == ModuleName("a._x")


def test_a_project_without_packages_looks_everywhere() -> None:
    layout = tree(("a._x", "python/a/m.py"), projects=("cpp",), python__a="a")
    assert module_name("_x", "cpp/x.c", layout) == ModuleName("a._x")


def test_equally_near_modules_are_alternatives() -> None:
    layout = tree(("b._x", "python/b/m.py"), ("a._x", "python/a/m.py"), python__a="a", python__b="b")
    assert module_name("_x", "cpp/x.c", layout) == ModuleName("a._x", ("b._x",))


def test_modules_of_other_extensions_are_not_alternatives() -> None:
    layout = tree(("b._x", "python/b/m.py"), ("a._x", "python/a/m.py"), python__a="a", python__b="b")
    assert module_name("_x", "cpp/x.c", layout, built=["a._x"]) == ModuleName("b._x")


def test_a_module_that_exists_is_not_guessed_again() -> None:
    layout = tree(src__python__vm="vm", src__python__two="two")
    assert module_name("_x", "src/cpp/x.c", layout, built=["vm._x"]) is None
    assert module_name("_x", "src/cpp/x.c", layout, built=["vm._y"]) == ModuleName("_x")
    assert module_name("_x", "src/python/two/native/x.c", layout, built=["vm._x"]) == ModuleName("two._x")


def test_a_module_of_another_package_does_not_prevent_a_guess() -> None:
    layout = tree(projects=("a", "b", "c"), a__a="a", b__b="b", c__one="one", c__two="two")
    assert module_name("_x", "b/ext/x.c", layout, built=["a._x"]) == ModuleName("b._x")
    assert module_name("_x", "b/ext/x.c", layout, built=["b.sub._x"]) is None
    assert module_name("_x", "c/ext/x.c", layout, built=["a._x"]) == ModuleName("_x")
    assert module_name("_x", "c/ext/x.c", layout, built=["two._x"]) is None
    assert module_name("_x", "c/tests/x.c", layout, built=["two._x"]) == ModuleName("_x")
