"""Makes a set of release candidates' wheels, of pieces of a file. Run with the tools' packages, and not imported.

Arguments: a folder, a file, the number of wheels, and the bytes of a wheel's payload. Each wheel has a library with a
version slot, a version module and a version file, and is pinned to the one before it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from spokeshave.assemble.command import Assembly, assemble
from spokeshave.policies.linux import parse_platform
from spokeshave.repair.command import repair
from spokeshave.stamp.stamping import stamp
from spokeshave.wheel.version_facts import VersionFacts

COMMIT = "0123456789" * 4
CANDIDATE = VersionFacts("3.12.0rc20260821", channel="rc", commit=COMMIT)
PLATFORM = "manylinux_2_17_x86_64"
_START = 4096
_PYPROJECT = '[project]\nname = "{name}"\ndynamic = ["version"]\ndependencies = [{pins}]\n'
_SOURCE = """
__attribute__((used, section(".spkver"))) static const volatile char slot[128] = "0+unstamped";
__attribute__((visibility("default"))) const char *version(void) { return (const char *)slot; }
"""


def link(zig: Path, folder: Path) -> Path:
    """Link a library with a version slot."""
    (folder / "core.c").write_text(_SOURCE)
    argv = [str(zig), "cc", "-target", "x86_64-linux-gnu.2.17", "-shared", "-nostdlib", "-O2", "-g0", "-s"]
    subprocess.run([*argv, "-o", "libcore.so", "core.c"], cwd=folder, check=True)
    return folder / "libcore.so"


def make(folder: Path, library: Path, number: int, content: bytes) -> None:
    """Build one wheel up to its stamp."""
    name = f"part{number:02}"
    pins = (f"part{number - 1:02}",) if number else ()
    place = folder / "work" / name
    package = place / "payload" / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "libcore.so").write_bytes(library.read_bytes())
    (package / "content.bin").write_bytes(content)
    (place / "version.h.in").write_text('#define VERSION "@VERSION@"\n')
    (place / "pyproject.toml").write_text(_PYPROJECT.format(name=name, pins=", ".join(f'"{pin}"' for pin in pins)))
    assembly = Assembly(
        pyproject=place / "pyproject.toml",
        payload=place / "payload",
        tag="py3-none-linux_x86_64",
        pins=pins,
        version_module=f"{name}/_version.py",
        version_files=((f"{name}/version.h", place / "version.h.in"),),
    )
    assembled = assemble(assembly, place)[1].path
    repaired = repair(assembled, parse_platform(PLATFORM), [], place).written.path
    stamp(repaired, CANDIDATE, folder / "wheels")
    shutil.rmtree(place)


def main(folder: Path, zig: Path, count: int, size: int) -> None:
    """Make the set."""
    folder.mkdir(parents=True)
    library = link(zig, folder)
    with zig.open("rb") as stream:
        stream.seek(_START)
        for number in range(count):
            content = stream.read(size)
            if len(content) < size:
                stream.seek(_START)
                content = stream.read(size)
            make(folder, library, number, content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
