from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.downstream.checks import InstalledHeader
from spokeshave_pants.wheel.downstream.headers import path_below
from spokeshave_pants.wheel.downstream.offer import OfferFields, WheelContents, plan_offer
from spokeshave_pants.wheel.downstream.package import DownstreamPackage

INCLUDE = {"abacus/include": ("capi",)}
HEADER = InstalledHeader("abacus/include/abacus/api.h", "capi")
LIBRARY = ("abacus", "src:abacus")


def contents(
    *,
    files: tuple[str, ...] = ("abacus/__init__.py",),
    modules: tuple[str, ...] = (),
    version_files: tuple[str, ...] = (),
    headers: tuple[InstalledHeader, ...] = (),
    without_headers: tuple[str, ...] = (),
    libraries: tuple[tuple[str, str], ...] = (),
) -> WheelContents:
    return WheelContents(
        files=files,
        modules=modules,
        version_files=version_files,
        headers=headers,
        without_headers=without_headers,
        libraries=libraries,
    )


def offered(fields: OfferFields, wheel: WheelContents) -> DownstreamPackage:
    found = plan_offer("src:wheel", fields, wheel, "")
    assert found is not None
    return found


def problems(fields: OfferFields, wheel: WheelContents) -> str:
    with pytest.raises(InvalidTargetError) as caught:
        plan_offer("src:wheel", fields, wheel, "")
    return str(caught.value)


def test_without_a_field_nothing_is_offered() -> None:
    assert plan_offer("src:wheel", OfferFields({}, None, None), contents(libraries=(LIBRARY,)), "") is None


def test_names_are_of_the_only_package() -> None:
    found = offered(OfferFields(INCLUDE, "Abacus", "abacus"), contents(headers=(HEADER,), libraries=(LIBRARY,)))
    assert found.package == "abacus"
    assert found.include_folders == ("abacus/include",)
    assert found.entry_points == (
        ("cmake.root", "Abacus", "abacus"),
        ("pkg_config", "abacus", "abacus.lib.pkgconfig"),
    )


def test_a_name_may_be_of_a_package_below_a_namespace() -> None:
    wheel = contents(files=("acme/core/__init__.py", "acme/gui/__init__.py"), libraries=(LIBRARY,))
    found = offered(OfferFields({}, "acme/core/Acme", "acme/core/acme"), wheel)
    assert found.cmake is not None
    assert found.cmake.cmake_folder == "acme/core/lib/cmake/Acme"
    assert found.entry_points[1] == ("pkg_config", "acme", "acme.core.lib.pkgconfig")
    message = problems(OfferFields({}, "Acme", None), wheel)
    assert "the packages of the wheel are: acme/core, acme/gui" in message
    assert 'cmake="acme/core/Acme"' in message


@pytest.mark.parametrize(
    "wheel",
    [
        contents(files=("abacus/__init__.py", "abacus/native_config.py"), libraries=(LIBRARY,)),
        contents(modules=("abacus/native_config",), libraries=(LIBRARY,)),
        contents(files=("abacus/__init__.py", "abacus/native_config/__init__.py"), libraries=(LIBRARY,)),
    ],
)
def test_a_module_of_the_wheel_is_not_generated(wheel: WheelContents) -> None:
    assert "abacus/native_config.py" in offered(OfferFields({}, "Abacus", None), wheel).existing


def test_version_files_in_the_usual_folder_are_headers() -> None:
    wheel = contents(version_files=("abacus/include/abacus/version.h",))
    assert offered(OfferFields({}, "Abacus", None), wheel).include_folders == ("abacus/include",)


def test_the_macro_is_an_identifier() -> None:
    assert offered(OfferFields({}, "lib-x.y", None), contents(libraries=(LIBRARY,))).macro == "LIB_X_Y"


@pytest.mark.parametrize("folder", ["/include", "../include", "abacus/../x", "include", "abacus.data/x", "abacus\\x"])
def test_headers_outside_of_a_package_are_refused(folder: str) -> None:
    message = problems(OfferFields({folder: ("capi",)}, None, None), contents())
    assert f"the folder {folder!r} of `headers` is " in message
    assert "Write it as abacus/include." in message


def test_fields_that_name_nothing_are_all_reported() -> None:
    fields = OfferFields({"abacus/include": (), "abacus/other": ("docs",)}, "Abacus", "abacus")
    message = problems(fields, contents(without_headers=("docs",)))
    assert "`headers` lists no target for 'abacus/include'" in message
    assert "`headers` lists docs, which has no header" in message
    bare = problems(OfferFields({}, "Abacus", "abacus"), contents())
    assert bare.count("would describe nothing") == 2


def test_two_files_at_one_path_are_refused() -> None:
    both = (HEADER, InstalledHeader(HEADER.path, "other"))
    message = problems(OfferFields(INCLUDE, None, None), contents(headers=both))
    assert "capi and other both put a header at abacus/include/abacus/api.h" in message
    message = problems(OfferFields(INCLUDE, None, None), contents(headers=(HEADER,), version_files=(HEADER.path,)))
    assert "capi puts a header at abacus/include/abacus/api.h, where another file" in message


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (OfferFields({}, "other/Abacus", None), "names the Python package other, which the wheel does not have"),
        (OfferFields({}, "1 2", None), "has the name '1 2'"),
        (OfferFields({}, None, "a;b"), "has the name 'a;b'"),
    ],
)
def test_impossible_names_are_refused(fields: OfferFields, reason: str) -> None:
    assert reason in problems(fields, contents(libraries=(LIBRARY,)))


def test_the_name_of_the_target_for_headers_is_reserved() -> None:
    message = problems(OfferFields({}, "Abacus", None), contents(libraries=(("headers", "src:lib"),)))
    assert "src:lib: the CMake target Abacus::headers" in message


@pytest.mark.parametrize(
    ("path", "roots", "expected"),
    [
        ("src/cpp/capi/include/abacus/api.h", ("src/cpp/capi", "src/cpp/capi/include"), "abacus/api.h"),
        ("src/cpp/capi/api.h", ("src/cpp/capi/include",), "capi/api.h"),
        ("src/cpp/ops/op.h", (), "ops/op.h"),
    ],
)
def test_a_header_has_the_path_of_includes(path: str, roots: tuple[str, ...], expected: str) -> None:
    assert path_below(path, roots, "src/cpp") == expected
