"""Fields that are refused before anything is built."""

from __future__ import annotations

import pytest
from pants.backend.cc.target_types import CCGeneratorSourcesField
from pants.engine.addresses import Address
from pants.engine.target import InvalidFieldException

from spokeshave_pants.cc.target_types import (
    CompileFlagsField,
    DefinesField,
    IncludeRootField,
    LinkFlagsField,
    PlatformCompileFlagsField,
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
def test_a_flag_that_names_a_place_on_the_machine_is_refused(field: type[CompileFlagsField], flag: str) -> None:
    with pytest.raises(InvalidFieldException) as caught:
        field(["-O3", flag], ADDRESS)
    message = str(caught.value)
    assert f"`{field.alias}` field of src/cpp:vm has {flag!r}" in message
    assert ("use `include_root`" in message) is flag.startswith("-I")


@pytest.mark.parametrize("field", [CompileFlagsField, LinkFlagsField])
def test_other_flags_are_taken_as_they_are(field: type[CompileFlagsField]) -> None:
    flags = ("-O3", "-fno-exceptions", "-DROOT=/opt/x", "--wrap=malloc", "-isystem", "vendored/include")
    assert field(flags, ADDRESS).value == flags


def test_a_macro_with_its_flag_is_refused_with_how_to_write_it() -> None:
    with pytest.raises(InvalidFieldException, match="write 'NAME=1' for '-DNAME=1'"):
        DefinesField(["OK", "-DNAME=1"], ADDRESS)


def test_an_include_root_is_one_or_a_list_and_relative() -> None:
    assert IncludeRootField("include", ADDRESS).value == ("include",)
    assert IncludeRootField(["include", "."], ADDRESS).value == ("include", ".")
    assert IncludeRootField(None, ADDRESS).value is None
    with pytest.raises(InvalidFieldException, match="relative to the BUILD file"):
        IncludeRootField("/usr/include", ADDRESS)


def test_a_flag_that_needs_what_the_toolchain_lacks_is_refused() -> None:
    reason = "'-fopenmp': the toolchain has no OpenMP runtime"
    with pytest.raises(InvalidFieldException, match=reason):
        CompileFlagsField(["-O2", "-fopenmp"], ADDRESS)
    with pytest.raises(InvalidFieldException, match=reason):
        PlatformCompileFlagsField({"*linux_*": ["-fopenmp"]}, ADDRESS)


def test_assembler_and_what_is_refused_at_planning_are_taken_as_sources() -> None:
    endings = CCGeneratorSourcesField.expected_file_extensions
    assert endings is not None and {".S", ".s", ".sx", ".cu", ".f90", ".cppm", ".asm"} <= set(endings)
