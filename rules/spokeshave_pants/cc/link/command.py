"""The command line of one link, decided without the engine."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_pants.cc.compile.command import ZIG
from spokeshave_pants.toolchain.platforms import zig_target

EXPORTS_FILE = "__exports.map"


@dataclass(frozen=True)
class LinkSettings:
    """What decides a link beside its objects.

    :param output: the file to link, relative to the sandbox.
    :param install_name: the name by which what links to a shared library asks for it at run time (ELF's soname,
        Mach-O's install name without `@rpath/`); None for an extension, which nothing links to.
    :param exports: the only symbols to leave visible on ELF (ld's version-script patterns), or None to leave what the
        code marks. The other formats export what the code marks.
    :param allow_undefined: leave symbols for the interpreter to provide. ELF's linker then only warns, macOS' says
        nothing; Windows has none such, as an import library names them.
    :param flags: the user's flags for the platform's linker.
    """

    output: str
    install_name: str | None = None
    exports: tuple[str, ...] | None = None
    allow_undefined: bool = False
    flags: tuple[str, ...] = ()


def exports_script(exports: tuple[str, ...]) -> str:
    """A linker version script that leaves only these symbols visible."""
    return "{ global: " + " ".join(f"{symbol};" for symbol in exports) + " local: *; };\n"


def import_library(output: str) -> str:
    """The import library that a link for Windows leaves beside its DLL."""
    return output.rpartition(".")[0] + ".lib"


def link_argv(
    platform: Platform,
    objects: tuple[str, ...],
    libraries: tuple[str, ...],
    settings: LinkSettings,
    pack_flags: tuple[str, ...],
    pack_libraries: tuple[str, ...],
) -> tuple[str, ...]:
    """The linker's command line: the runtime pack's template around the user's objects.

    :param libraries: shared libraries to link to, or on Windows their import libraries.
    """
    inputs = (*sorted(objects), *sorted(libraries))
    if platform.object_format is ObjectFormat.ELF:
        return (ZIG, "ld.lld", *pack_flags, *_elf_flags(settings), *settings.flags, *inputs, *pack_libraries)
    if platform.object_format is ObjectFormat.PE:
        return (ZIG, "lld-link", *pack_flags, *_pe_flags(settings), *settings.flags, *inputs, *pack_libraries)
    # zig has no linker for Mach-O that is called by itself; told to add nothing of its own, its driver is one.
    driver = (ZIG, "cc", "-target", zig_target(platform), "-O2", "-nostdlib", "-shared", "-s")
    return (*driver, *_macho_flags(settings), *settings.flags, *inputs, *pack_libraries)


def _elf_flags(settings: LinkSettings) -> tuple[str, ...]:
    return (
        "-o",
        settings.output,
        *(("-soname", settings.install_name) if settings.install_name else ()),
        *(("--version-script", EXPORTS_FILE) if settings.exports is not None else ()),
        # Without the first, the linker says nothing at all of symbols that a shared object leaves undefined.
        "--no-undefined",
        *(("--warn-unresolved-symbols",) if settings.allow_undefined else ()),
    )


def _pe_flags(settings: LinkSettings) -> tuple[str, ...]:
    return (f"-OUT:{settings.output}", f"-IMPLIB:{import_library(settings.output)}")


def _macho_flags(settings: LinkSettings) -> tuple[str, ...]:
    name = settings.install_name or settings.output.rpartition("/")[2]
    return (
        *("-o", settings.output),
        # Without a name the linker takes the output's path.
        f"-Wl,-install_name,@rpath/{name}",
        # Room for the name that a repair gives.
        "-Wl,-headerpad_max_install_names",
        "-Wl,-dead_strip",
        *(("-Wl,-undefined,dynamic_lookup",) if settings.allow_undefined else ()),
    )
