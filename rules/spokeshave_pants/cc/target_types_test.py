"""Tests of fields that are refused before anything is built."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCGeneratorSourcesField
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException, InvalidTargetException, Target

from spokeshave_pants.cc.target_types import (
    CcIncludeDirsField,
    CcPackageSourcesField,
    CcPythonRequirementTarget,
    CcSharedLibraryNameField,
    CcVariantTarget,
    CompileFlagsField,
    DefinesField,
    IncludeRootField,
    LinkFlagsField,
    PlatformCompileFlagsField,
    PlatformLinkFlagsField,
)

ADDRESS = Address("src/cpp", target_name="vm")


@pytest.mark.parametrize("field", [CompileFlagsField, LinkFlagsField])
@pytest.mark.parametrize(
    "flag",
    [
        *("-Iinclude", "-I/usr/include", "-L/usr/lib", "-B/usr/bin", "-F/Library", "/usr/lib/libz.a"),
        *("-isystem/usr/include", "-include/etc/x.h", "--sysroot=/", "-isysroot/sdk", "--library-path=/usr/lib"),
    ],
)
def test_a_flag_with_a_path_of_the_machine_is_refused(field: type[CompileFlagsField], flag: str) -> None:
    with pytest.raises(InvalidFieldException) as caught:
        field(["-O3", flag], ADDRESS)
    message = str(caught.value)
    assert f"`{field.alias}` field of src/cpp:vm has {flag!r}" in message
    assert ("use `include_root`" in message) is flag.startswith(("-I", "-isystem"))


@pytest.mark.parametrize("field", [CompileFlagsField, LinkFlagsField])
def test_other_flags_are_taken_as_they_are(field: type[CompileFlagsField]) -> None:
    flags = ("-O3", "-fno-exceptions", "-DROOT=/opt/x", "--wrap=malloc", "-include", "vendored/x.h")
    assert field(flags, ADDRESS).value == flags


@pytest.mark.parametrize("field", [PlatformCompileFlagsField, PlatformLinkFlagsField])
def test_flags_of_a_platform_are_checked_as_well(field: type[PlatformCompileFlagsField]) -> None:
    with pytest.raises(InvalidFieldException, match="field of src/cpp:vm has '-march=native'"):
        field({"*linux_*": ["-O3"], "win_*": ["-march=native"]}, ADDRESS)


@pytest.mark.parametrize("target", [CcVariantTarget, CcPythonRequirementTarget])
def test_flags_of_variants_and_packages_are_checked_as_well(target: type[Target]) -> None:
    values = {"compile_flags": ["@flags"], "requirements": "x.txt", "include_dirs": []}
    given = {field.alias: values[field.alias] for field in target.core_fields if field.alias in values}
    with pytest.raises(InvalidTargetException, match="has '@flags'"):
        target(given, ADDRESS)


def test_all_wrong_flags_of_a_field_are_reported_together() -> None:
    with pytest.raises(InvalidFieldException) as caught:
        CompileFlagsField(["-march=native", "-O2", "-isystem../x"], ADDRESS)
    assert [line.split(" has ")[1].split(":")[0] for line in str(caught.value).splitlines()] == [
        "'-march=native'",
        "'-isystem../x'",
    ]


@pytest.mark.parametrize("root", ["../../..", "../../../x", "a/../../../..", "/usr/include", "~/include", "~"])
def test_an_include_root_outside_of_the_repository_is_refused(root: str) -> None:
    with pytest.raises(InvalidFieldException, match="a directory in the repository"):
        IncludeRootField(["include", root], ADDRESS)


def test_an_include_root_may_climb_within_the_repository() -> None:
    assert IncludeRootField(["../..", "../settings", "a/.."], ADDRESS).value == ("../..", "../settings", "a/..")


@pytest.mark.parametrize("field", [CcIncludeDirsField, CcPackageSourcesField])
@pytest.mark.parametrize("path", ["../x", "/usr/include", "a/../../x"])
def test_paths_of_a_package_are_within_it(field: type[CcIncludeDirsField], path: str) -> None:
    with pytest.raises(InvalidFieldException, match="relative to `site-packages`"):
        field(["pkg/include", path], ADDRESS)
    assert field(["pkg/include"], ADDRESS).value == ("pkg/include",)


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "a\\b"])
def test_a_library_name_is_not_a_path(name: str) -> None:
    with pytest.raises(InvalidFieldException, match="a name, not a path"):
        CcSharedLibraryNameField(name, ADDRESS)
    assert CcSharedLibraryNameField("x", ADDRESS).value == "x"


def test_a_macro_with_its_flag_is_refused_with_how_to_write_it() -> None:
    with pytest.raises(InvalidFieldException, match="write 'NAME=1' instead of '-DNAME=1'"):
        DefinesField(["OK", "-DNAME=1"], ADDRESS)


def test_an_include_root_is_one_or_a_list_and_relative() -> None:
    assert IncludeRootField("include", ADDRESS).value == ("include",)
    assert IncludeRootField(["include", "."], ADDRESS).value == ("include", ".")
    assert IncludeRootField(None, ADDRESS).value is None
    with pytest.raises(InvalidFieldException, match="relative to the BUILD file"):
        IncludeRootField("/usr/include", ADDRESS)


def test_a_flag_without_support_in_the_toolchain_is_refused() -> None:
    reason = "'-fopenmp': the toolchain has no OpenMP runtime"
    with pytest.raises(InvalidFieldException, match=reason):
        CompileFlagsField(["-O2", "-fopenmp"], ADDRESS)
    with pytest.raises(InvalidFieldException, match=reason):
        PlatformCompileFlagsField({"*linux_*": ["-fopenmp"]}, ADDRESS)


def test_assembler_and_unsupported_languages_are_sources() -> None:
    endings = CCGeneratorSourcesField.expected_file_extensions
    assert endings is not None
    assert {".S", ".s", ".sx", ".cu", ".f90", ".cppm", ".asm"} <= set(endings)
