"""The settings of the driver for builds of others (`resources/driver.c`), for a platform. Works without the engine."""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_pants.cc.foreign.header_case import FOLDER, OVERLAY_FILE
from spokeshave_pants.cc.foreign.resource_compiler import OUTPUT_NAME
from spokeshave_pants.cc.foreign.start_files import WINDOWS_UNICODE_START
from spokeshave_pants.cc.runtime_pack.recipe import PACK_DIR
from spokeshave_pants.headers.exports import dlltool_machine
from spokeshave_pants.toolchain.clang import clang_flags, clang_headers
from spokeshave_pants.toolchain.platforms import zig_target

FOREIGN_DIR = "__foreign"
# The same for the machine that builds, for programs that run during the build.
NATIVE_DIR = "__native"
BIN_DIR = "bin"
LIB_DIR = "lib"
SETTINGS = "tools.conf"
PROGRAM = "driver"
# An empty folder: the root in which clang searches for the machine's libraries.
EMPTY_DIR = "empty"
# zig's library folder with the libSystem of the platform's oldest macOS.
OLDEST_DIR = "oldest"
# The names of the program, each of which is a tool.
TOOLS = (
    *("cc", "c++", "gcc", "g++", "clang", "clang++"),
    *("ar", "ranlib", "ld", "ld.lld", "lib", "dlltool", "rc", "windres"),
    *("strip", "install_name_tool", "emulate"),
    # For the machine that builds. Without `NATIVE_DIR`, they say how a target asks for it.
    *("build-cc", "build-c++", "build-ar", "build-ranlib", "build-strip"),
)
_FOREIGN = "{foreign}"
_ZIG = "{zig}"
_LIBRARIES = f"{_FOREIGN}/{LIB_DIR}"
_EMPTY_ARCHIVE = b"!<arch>\n"
# What other compilers come with. The runtime pack is part of each link.
_COMPILERS_OWN = ("stdc++", "supc++", "gcc", "gcc_s", "gcc_eh", "c++", "c++abi", "unwind", "atomic")
_LIBC_PARTS = ("m", "pthread", "dl", "rt", "util", "resolv", "c", "crypt", "xnet")
_WINDOWS_OWN = ("m", "pthread", "dl", "mingw32", "mingwex", "moldname", "msvcrt", "ucrt", "uuid", "winpthread")
# What CMake adds to each link. Those that the pack has are the pack's.
_WINDOWS_STANDARD = ("advapi32", "comdlg32", "gdi32", "kernel32", "ole32", "oleaut32", "shell32", "user32", "winspool")
_DLL_START = "dllcrt2.obj"
# The functions of each DLL of Windows. The pack has the import libraries of a few.
_DEFINITIONS = "lib/libc/mingw/lib-common"
DEFINITIONS = f"{_DEFINITIONS}/*.def"


def settings(platform: Platform, flags: Iterable[str], libraries: Iterable[str], start: Iterable[str]) -> str:
    """Return the text of the settings.

    Args:
        flags: The linker's flags of the runtime pack.
        libraries: The libraries of the runtime pack.
        start: The names of the start files of programs in the library folder.
    """
    lines = [
        ("format", platform.object_format.value),
        ("machine", machine_name(platform)),
        *(("c", flag) for flag in _compile_flags(platform)),
        *(("c++", flag) for flag in _compile_flags(platform)),
        *(("c.after", flag) for flag in (*_late_flags(platform), *_c_headers(platform))),
        *(("c++.after", flag) for flag in (*_late_flags(platform), *_cxx_headers(platform))),
        *_link_settings(platform, flags),
        *((_kind_of_start(name), f"{_LIBRARIES}/{name}") for name in start),
        *(("end", _placed(library, platform)) for library in libraries if not library.endswith(_DLL_START)),
    ]
    return "".join(f"{key} {value}\n" for key, value in lines)


def _kind_of_start(name: str) -> str:
    return "start.unicode" if name == WINDOWS_UNICODE_START else "start.program"


def _compile_flags(platform: Platform) -> tuple[str, ...]:
    return (*clang_flags(platform), f"--sysroot={_FOREIGN}/{EMPTY_DIR}", "-Wno-unused-command-line-argument")


def _late_flags(platform: Platform) -> tuple[str, ...]:
    """Return flags after the user's: debug information holds paths, and zig's Mach-O linker reads no bitcode."""
    return ("-g0", "-fno-lto") if platform.object_format is ObjectFormat.MACHO else ("-g0",)


def _c_headers(platform: Platform) -> tuple[str, ...]:
    return (*clang_headers(platform, _ZIG, cxx=False), *_any_case(platform))


def _cxx_headers(platform: Platform) -> tuple[str, ...]:
    return ("-nostdinc++", *clang_headers(platform, _ZIG, cxx=True), *_any_case(platform))


def _any_case(platform: Platform) -> tuple[str, ...]:
    if platform.object_format is not ObjectFormat.PE:
        return ()
    return ("-ivfsoverlay", f"{_ZIG}/{OVERLAY_FILE}", "-isystem", f"{_ZIG}/{FOLDER}")


def machine_name(platform: Platform) -> str:
    """Return what `cc -dumpmachine` answers: the target in the form that GNU's tools know."""
    if platform.object_format is ObjectFormat.PE:
        return f"{platform.processor}-w64-mingw32"
    if platform.object_format is ObjectFormat.MACHO:
        # The kernel of macOS 11, without which libtool takes the system for the first macOS.
        return f"{platform.processor}-apple-darwin20"
    return platform.multiarch


def _placed(library: str, platform: Platform) -> str:
    """Return a library of the pack, or a linker's flag, as the driver finds it. For ELF, it is an argument of clang."""
    prefix = f"{PACK_DIR}/"
    if library.startswith(prefix):
        return f"{_LIBRARIES}/{library[len(prefix) :]}"
    return f"-Wl,{library}" if platform.object_format is ObjectFormat.ELF else library


def _link_settings(platform: Platform, flags: Iterable[str]) -> list[tuple[str, str]]:
    """Return the arguments of links, some for libraries or programs only."""
    if platform.object_format is ObjectFormat.ELF:
        own = (
            *("-fuse-ld=lld", f"--ld-path={_FOREIGN}/{BIN_DIR}/ld.lld", "-nostdlib", f"-L{_LIBRARIES}"),
            *("-Wl,--build-id=none", "-Wl,--gc-sections", "-Wl,--eh-frame-hdr", "-Wl,-znow", "-Wl,-s"),
        )
        return [("link", flag) for flag in own]
    if platform.object_format is ObjectFormat.MACHO:
        whole = ("-target", zig_target(platform), "-O2", "-s", "-nostdlib")
        return [*(("link", flag) for flag in whole), ("zig.program", f"{_FOREIGN}/{OLDEST_DIR}")]
    return [
        *(("link.shared" if flag.startswith(("-DLL", "-BASE:")) else "link", flag) for flag in flags),
        ("link.program", "-SUBSYSTEM:console"),
        ("start.shared", f"{_LIBRARIES}/{_DLL_START}"),
        ("libraries", _LIBRARIES),
        ("definitions", f"{_ZIG}/{_DEFINITIONS}"),
        ("dlltool", dlltool_machine(platform)),
        ("resources", f"{_FOREIGN}/{OUTPUT_NAME}"),
        ("resources.target", platform.processor),
    ]


def library_names(platform: Platform, pack: Iterable[str]) -> dict[str, bytes]:
    """Return small files by which `-l` finds the libraries of the pack, and those that are part of each link.

    Args:
        pack: The names of the pack's files.
    """
    files = frozenset(pack)
    if platform.object_format is ObjectFormat.PE:
        names = (*_WINDOWS_OWN, *_WINDOWS_STANDARD, *_COMPILERS_OWN)
        return {f"lib{name}.a": _EMPTY_ARCHIVE for name in names if f"lib{name}.lib" not in files}
    if platform.object_format is ObjectFormat.MACHO:
        return {f"lib{name}.a": _EMPTY_ARCHIVE for name in ("stdc++", "gcc", "gcc_s", "gcc_eh")}
    found = {f"lib{name}.a": _EMPTY_ARCHIVE for name in _COMPILERS_OWN if f"lib{name}.a" not in files}
    for name in _LIBC_PARTS:
        versions = sorted(file for file in files if file.startswith(f"lib{name}.so."))
        if versions:
            found[f"lib{name}.so"] = f"INPUT({versions[0]})\n".encode()
        elif f"lib{name}.so" not in files:
            found[f"lib{name}.a"] = _EMPTY_ARCHIVE
    return found
