"""Pythons of Windows: CPython's official DLLs, under Debian's wine."""

from __future__ import annotations

import filecmp
import os
import shutil
from dataclasses import replace
from pathlib import Path

from spokeshave.emulation.apt import unpack
from spokeshave.emulation.catalogue import WINE_SUITE, Guest
from spokeshave.emulation.emulator import Emulator, upstream_version
from spokeshave.emulation.linux import PYTHON_FILE, Source
from spokeshave.emulation.pypi import extract, fetch_wheel, fetch_zig, origin_of
from spokeshave.emulation.python_exe import Zig
from spokeshave.emulation.standard_library import standard_library
from spokeshave.emulation.trial import first_start
from spokeshave.report import write_report
from spokeshave.setup_steps import Tool, say, step, whole_folder
from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.manifest import ForeignPython, Origin
from spokeshave_core.platform import System
from spokeshave_core.python_abi import PythonVersion

# The parts of wine's dependencies that a console program needs.
_PACKAGES = ("wine64", "libwine", "libunwind8", "liblzma5", "libz-mingw-w64")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_BUILTIN = b"Wine builtin DLL".ljust(32, b"\0")
# wine 8 lacks the functions behind these modules, and a call ends the process. Python works without both: `platform`
# has another way, and `shutil` copies by itself.
_UNUSABLE = ("_wmi.",)
_SITE_CUSTOMIZE = '''\
"""Hides from shutil what the wine below has not."""
import _winapi

if hasattr(_winapi, "CopyFile2"):
    del _winapi.CopyFile2
'''
_NOT_OF_PYTHON = ("api-ms-", "tcl", "tk", "_tk", "_test", "_ctypes_test")


def wine(folder: Path, source: Source) -> Emulator:
    """Install wine with a prepared Windows disk. An existing installation is kept."""
    place = folder / "wine"
    existing = Emulator.read(place)
    if existing:
        return existing
    with step(f"wine from Debian {WINE_SUITE} (101 MB)"), whole_folder(place) as new:
        origins = source.root(WINE_SUITE, "amd64").download(_PACKAGES, new / "packages")
        unpack(new / "packages", new / "root")
        shutil.rmtree(new / "packages")
        _finish(new / "root")
        version = next(origin.version for origin in origins if origin.name.startswith("wine64"))
        installed = Emulator(place / "root/usr/lib/wine/wine64", f"wine {upstream_version(version)}", tuple(origins))
        # At its first start wine stores its own path.
        _make_disk(new)
        installed.write(new)
    return installed


def _finish(root: Path) -> None:
    """Do the configuration steps of the packages: the server under its usual name, and wine's mark in zlib."""
    server = root / "usr/lib/wine/wineserver"
    server.unlink()
    server.symlink_to("wineserver64")
    data = (root / "usr/x86_64-w64-mingw32/lib/zlib1.dll").read_bytes()
    marked = data[:64] + _BUILTIN + data[64 + len(_BUILTIN) :]
    (root / _LIBRARIES / "wine/x86_64-windows/zlib1.dll").write_bytes(marked)
    shutil.rmtree(root / _LIBRARIES / "wine/i386-windows", ignore_errors=True)


def _make_disk(folder: Path) -> None:
    """Let wine create its prefix, as Windows 10. The processes that it starts end with it."""
    tool = Tool("This machine cannot run wine: see the output above.", {**os.environ, **_variables(folder)})
    loader = folder / "root/usr/lib/wine/wine64"
    version = ("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
    for command in (("wineboot", "--init"), version):
        tool.run([loader, *command], folder)
        tool.run([folder / "root/usr/lib/wine/wineserver", "--wait"], folder)
    _share_files(folder / "prefix/drive_c/windows", folder / "root" / _LIBRARIES / "wine/x86_64-windows")


def _share_files(disk: Path, originals: Path) -> None:
    """Replace the copies of wine's programs on the disk by links to save 0.6 GB."""
    for file in disk.rglob("*"):
        original = originals / file.name
        if (
            not file.is_symlink()
            and file.is_file()
            and original.is_file()
            and filecmp.cmp(file, original, shallow=False)
        ):
            file.unlink()
            os.link(original, file)


def _variables(folder: Path) -> dict[str, str]:
    binaries = folder / "root/usr/lib/wine"
    return {
        "LD_LIBRARY_PATH": str(folder / "root" / _LIBRARIES),
        "WINELOADER": str(binaries / "wine64"),
        "WINESERVER": str(binaries / "wineserver"),
        "WINEPREFIX": str(folder / "prefix"),
        # No debugger and no dialog for crashed programs, and no desktop features.
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winedbg.exe=;winemenubuilder.exe=",
        "DISPLAY": "",
    }


def windows_python(place: Path, guest: Guest, version: str, folder: Path, source: Source) -> ForeignPython:
    """Install CPython for Windows from panda3d's wheel of that version at `place`."""
    emulator = wine(folder, source)
    build = PythonVersion.parse(version, where="--python")
    # The free-threaded build has the same standard library.
    release = str(PythonVersion(build.minor))
    if release not in DEBIAN_SUITES:
        say(f"  the standard library of Python {release} will be that of this machine")
    with step(f"Python {version} for Windows (65 MB from PyPI)"), whole_folder(place) as new:
        number = version.replace(".", "")
        platform = ("--platform=win_amd64", f"--python-version={release}", "--implementation=cp", f"--abi=cp{number}")
        wheel = fetch_wheel("panda3d", source.work / "pypi", platform)
        lay_out(extract(wheel, "deploy_libs/", new / "carried"), new / "python", build)
        shutil.rmtree(new / "carried")
        origins = [origin_of(wheel), *standard_library(release, new / "python/Lib", source.work, source)]
        (new / "python/Lib/sitecustomize.py").write_text(_SITE_CUSTOMIZE)
        origins.append(_add_programs(new, f"python{number}.dll", source))
        found = first_start(_python(new / "python", guest, version, emulator, folder, origins), new)
        python = replace(_python(place / "python", guest, version, emulator, folder, origins), version=found.version)
        write_report(new / PYTHON_FILE, python.as_json())
    return python


def lay_out(carried: list[Path], python: Path, build: PythonVersion) -> None:
    """Arrange the interpreter's own DLLs next to python.exe, and extension modules, like its installer.

    The names of modules of the free-threaded build have a tag. The wheel contains those of the default build too.
    """
    (python / "DLLs").mkdir(parents=True)
    for file in carried:
        name = file.name.lower()
        is_of_build = not name.endswith(".pyd") or (".cp" in name) == build.free_threaded
        if name.startswith((*_NOT_OF_PYTHON, *_UNUSABLE)) or not is_of_build:
            continue
        is_next_to_exe = name.startswith(("python", "vcruntime"))
        shutil.move(str(file), python / file.name if is_next_to_exe else python / "DLLs" / file.name)


def _add_programs(new: Path, dll: str, source: Source) -> Origin:
    """Link python.exe and python3.dll with the executable from zig's package."""
    wheel = fetch_zig(source.work)
    (program,) = extract(wheel, "ziglang/zig", new / "zig")[:1]
    program.chmod(0o755)
    zig = Zig(program, new / "zig")
    for file in (zig.python_exe(new / "python" / dll), zig.python3_dll(new / "python" / dll)):
        shutil.move(str(file), new / "python" / file.name)
    shutil.rmtree(new / "zig")
    return origin_of(wheel)


def _python(
    python: Path, guest: Guest, version: str, emulator: Emulator, folder: Path, origins: list[Origin]
) -> ForeignPython:
    return ForeignPython(
        name=guest.python_name(version),
        system=System(guest.system),
        system_version="",
        architecture=guest.architecture,
        version=version,
        emulator=emulator.title,
        launcher=(str(emulator.path),),
        executable=str(python / "python.exe"),
        variables=_variables(folder / "wine"),
        origins=(*emulator.origins, *origins),
        free_threaded=version.endswith("t"),
    )
