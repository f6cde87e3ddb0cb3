"""The command line of one link, built without the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import ZIG

EXPORTS_FILE = "__exports.map"
# The file in which the linker for ELF lists static libraries and the number of members that it took from each.
ARCHIVES_FILE = "__archives.tsv"
# The linkers' flag that removes debug information and local symbols.
_STRIP = "-s"


# How many objects a static library has, how many of them were linked, and its path.
_EXTRACTED = re.compile(r"[0-9]+\t0*[1-9][0-9]*\t(?P<path>.+)")


@dataclass(frozen=True)
class LinkSettings:
    """The settings of a link.

    Attributes:
        output: The file to link, relative to the sandbox.
        install_name: The name by which dependents load a shared library at run time: the soname on ELF, the install
            name without `@rpath/` on Mach-O. None for an extension, which nothing links to.
        exports: The only symbols to keep visible on ELF, as version-script patterns, or None to keep all that the code
            marks. The other formats always export what the code marks.
        allow_undefined: Leave symbols for the interpreter to provide. ELF's linker then only warns and macOS' linker
            reports nothing. Windows has no undefined symbols because an import library names them.
        flags: The user's flags for the platform's linker.
    """

    output: str
    install_name: str | None = None
    exports: tuple[str, ...] | None = None
    allow_undefined: bool = False
    flags: tuple[str, ...] = ()


def exports_script(exports: tuple[str, ...]) -> str:
    """Return a linker version script that keeps only these symbols visible."""
    return "{ global: " + " ".join(f"{symbol};" for symbol in exports) + " local: *; };\n"


def extracted_archives(statistics: str) -> frozenset[str]:
    """Return the names of the static libraries that a link took code from, by the text of `ARCHIVES_FILE`.

    The first line has titles. Others of another form are left out.
    """
    rows = (_EXTRACTED.fullmatch(line) for line in statistics.splitlines()[1:])
    return frozenset(row["path"].rpartition("/")[2] for row in rows if row)


def link_description(output: str, platform: Platform, abi: PythonAbi | None) -> str:
    """The description of a link; a shared library that no Python changes has no ABI."""
    return f"Link {output} for {platform}" + (f" and {abi}" if abi else "")


def import_library(output: str) -> str:
    """Return the path of the import library that a link for Windows writes next to its DLL."""
    return output.rpartition(".")[0] + ".lib"


def link_argv(
    platform: Platform,
    objects: tuple[str, ...],
    libraries: tuple[str, ...],
    settings: LinkSettings,
    pack_flags: tuple[str, ...],
    pack_libraries: tuple[str, ...],
    build_type: BuildType = BuildType.RELEASE,
) -> tuple[str, ...]:
    """Return the linker's command line: the runtime pack's template with the user's objects.

    Args:
        libraries: Shared libraries to link to, or on Windows their import libraries.
    """
    inputs = (*sorted(objects), *sorted(libraries))
    is_debug = build_type is BuildType.DEBUG
    if platform.object_format is ObjectFormat.ELF:
        kept = tuple(flag for flag in pack_flags if not (is_debug and flag == _STRIP))
        return (ZIG, "ld.lld", *kept, *_elf_flags(settings), *settings.flags, *inputs, *pack_libraries)
    if platform.object_format is ObjectFormat.PE:
        return (ZIG, "lld-link", *pack_flags, *_pe_flags(settings), *settings.flags, *inputs, *pack_libraries)
    # zig's Mach-O linker cannot be called by itself. Its driver with all defaults disabled does the same.
    driver = (ZIG, "cc", "-target", zig_target(platform), "-O2", "-nostdlib", "-shared")
    return (
        *driver,
        *(() if is_debug else (_STRIP,)),
        *_macho_flags(settings),
        *settings.flags,
        *inputs,
        *pack_libraries,
    )


def _elf_flags(settings: LinkSettings) -> tuple[str, ...]:
    return (
        "-o",
        settings.output,
        *(("-soname", settings.install_name) if settings.install_name else ()),
        *(("--version-script", EXPORTS_FILE) if settings.exports is not None else ()),
        # Without the first flag, the linker does not report undefined symbols of a shared object.
        "--no-undefined",
        f"--print-archive-stats={ARCHIVES_FILE}",
        *(("--warn-unresolved-symbols",) if settings.allow_undefined else ()),
    )


def _pe_flags(settings: LinkSettings) -> tuple[str, ...]:
    return (f"-OUT:{settings.output}", f"-IMPLIB:{import_library(settings.output)}")


def _macho_flags(settings: LinkSettings) -> tuple[str, ...]:
    name = settings.install_name or settings.output.rpartition("/")[2]
    return (
        *("-o", settings.output),
        # Without a name the linker uses the output's path.
        f"-Wl,-install_name,@rpath/{name}",
        # Reserve space for the name that a repair sets.
        "-Wl,-headerpad_max_install_names",
        "-Wl,-dead_strip",
        *(("-Wl,-undefined,dynamic_lookup",) if settings.allow_undefined else ()),
    )
