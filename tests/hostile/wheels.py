"""Mutations of real wheels, by their structure: what `verify` accepts must install with pip, and be imported.

`python -m hostile.wheels --count 2000 --seed 1` runs many; a test runs a few, the same in each run. With `--native`,
the native files change instead of the rest, but not their code.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError

from hostile.native_changes import changed_elf, module_with_libc
from spokeshave.pythons.pip import pip_folder
from spokeshave.release.promote.stamping import stamp_promoted, unstamp
from spokeshave.repair.command import repair
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.draft_fixtures import Draft, Member, draft
from spokeshave.testing.native_fixtures import MANYLINUX
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi

PLATFORM = Platform.parse(MANYLINUX)
ABI = PythonAbi.parse("cp38-abi3")
_BATCH = 60
_IMPORT = """
import importlib, sys
from pathlib import Path
from importlib.metadata import distribution
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    # A change may have removed or renamed it.
    if Path(sys.argv[1], name, "native.abi3.so").exists():
        importlib.import_module(f"{name}.native")
    found = distribution(name)
    if not (found.version and found.files is not None and found.metadata["Name"]):
        sys.exit(f"{name} is not whole")
    for file in found.files:
        # With --target, pip puts scripts elsewhere than RECORD says.
        if ".." not in file.parts and not file.locate().exists():
            sys.exit(f"{name} lacks {file}")
"""
_TEXTS = ("/METADATA", "/WHEEL", "/RECORD", "/entry_points.txt")
# Parts of names that systems, archives and installers treat in their own way.
_PARTS = (
    *(
        "..",
        ".",
        "",
        "a",
        "A",
        "\u00e9",
        "e\N{COMBINING ACUTE ACCENT}",
        "\u017f",
        "a ",
        " a",
        "a.",
        "nul",
        "con.py",
        "a\\b",
    ),
    *(
        "a:b",
        "C:",
        "~",
        "a\tb",
        'a"b',
        "a,b",
        "a'b",
        "%41",
        "*",
        "a*",
        "-",
        "--x",
        "x" * 250,
        "a\nb",
        "a\r\nb",
        "\n",
        "a\rb",
        "a\x0bb",
        "a\u2028b",
        "a\x85b",
        "\ufeff",
        "\u202e",
    ),
    *(
        "__init__.py",
        "__pycache__",
        "data.txt",
        "data.txt ",
        "RECORD",
        "METADATA",
        "native.abi3.so",
        "native.py",
        "x.pth",
    ),
    *(
        "x.data",
        "x.dist-info",
        "x.egg-info",
        "x.egg-link",
        "purelib",
        "platlib",
        "scripts",
        "headers",
        "data",
        "\u0131",
    ),
)
_LINES = (
    *("", " ", "\t", "x", ":", "x:", ": x", "\ufeff", "Name: other", "name: OTHER", "Version: 1.0", "version : 1.0"),
    *(
        "Version: v1.0",
        "Version: 1.0.0",
        "Metadata-Version: 2.2",
        "Metadata-Version: 1.0",
        "Dynamic: version",
        "Tag: x",
    ),
    *("Requires-Dist: a", "Requires-Dist: a ; extra == 'x'", "Requires-Dist: a @ https://x", "Requires-Python: >=3.0"),
    *("Requires-Python: ==3.*", "Requires-Python: <2", "Provides-Extra: x", "Provides-Extra: x y", "License: MIT"),
    *("License-Expression: MIT", "License-File: x", "Summary: a\u2028b", "Summary: \u00e9", " folded", "Keywords: a,b"),
    *("Description-Content-Type: text/plain", "Project-URL: a", "Author: \x00", "Root-Is-Purelib: true", "Build: 1"),
    *("Wheel-Version: 1.0", "Wheel-Version: 1.9", "Wheel-Version: 0.9", "Tag: py3-none-any", "Generator: \u00e9"),
    *(
        "a,b,c",
        "a,,",
        ",,",
        "../x,,",
        '"a',
        "a;b;c",
        "[console_scripts]",
        "x = a:b",
        "[gui_scripts]",
        "x",
        "[x]",
        "a = b c",
    ),
    *(
        "x = {name}:NAME",
        "y={name}:NAME [z]",
        "../x = {name}:NAME",
        "x y = {name}:NAME",
        "%(x)s = {name}:NAME",
        "[DEFAULT]",
    ),
)
_EXTRAS = (
    b"\x01\x00\x00\x00",
    b"UT\x05\x00\x01abcd",
    b"\x42\x42\x04\x00abcd",
    b"up\x02\x00ab",
    b"\x75\x70\x09\x00\x01abcdefgh",
)
_MODES = (0, 0o644, 0o100644, 0o100755, 0o100000, 0o104755, 0o120777, 0o040755, 0o010644, 0o060644, 0o140644, 0o177777)


@dataclass(frozen=True)
class Mutated:
    """A wheel with changes, and what they were."""

    path: Path
    name: str
    changes: tuple[str, ...]


Maker = Callable[[random.Random, str, Path], Mutated]


def native_wheel(randomness: random.Random, name: str, folder: Path) -> Mutated:
    """Write a wheel whose native file has one to three changes."""
    wheel = draft(name)
    member = wheel.member("native.abi3.so")
    member.data = module_with_libc(MANYLINUX)
    changes = []
    for _ in range(randomness.choice((1, 1, 1, 2, 3))):
        try:
            member.data, change = changed_elf(randomness, member.data)
        except (ELFError, KeyError, IndexError, ValueError):
            # One of the other changes removed the part.
            continue
        changes.append(change)
    return Mutated(path=wheel.write(folder), name=name, changes=tuple(changes))


def mutated_wheel(randomness: random.Random, name: str, folder: Path) -> Mutated:
    """Write a wheel with one to four changes."""
    wheel = draft(name)
    if randomness.random() < 0.4:
        wheel.add(f"{wheel.dist_info}/entry_points.txt", f"[console_scripts]\nx-{name} = {name}:NAME\n".encode())
    changes = tuple(randomness.choice(_CHANGES)(randomness, wheel) for _ in range(randomness.choice((1, 1, 2, 3, 4))))
    return Mutated(path=wheel.write(folder), name=name, changes=changes)


def _change_lines(randomness: random.Random, wheel: Draft) -> str:
    """Change lines of a file of metadata."""
    known = [member for member in wheel.members if member.name.endswith(_TEXTS)]
    if not known:
        return "no metadata"
    member = randomness.choice(known)
    if member.name.endswith("/RECORD"):
        if wheel.record:
            member.data = wheel.right_record()
        wheel.record = False
    ending = randomness.choice(("\n", "\n", "\n", "\r\n", "\r"))
    lines = member.data.decode("utf-8", "replace").split("\n")
    at = randomness.randrange(len(lines))
    kind = randomness.choice(("drop", "twice", "insert", "insert", "swap", "case", "edit", "end"))
    new = randomness.choice(_LINES).replace("{name}", wheel.distribution)
    if kind == "drop":
        del lines[at]
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "insert":
        lines.insert(at, new)
    elif kind == "swap":
        other = randomness.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "case":
        lines[at] = lines[at].swapcase()
    elif kind == "edit" and lines[at]:
        place = randomness.randrange(len(lines[at]))
        lines[at] = lines[at][:place] + randomness.choice((*" \t:=,;\"'/\\\u00e9\x00-.", "")) + lines[at][place + 1 :]
    else:
        lines.append(new)
    member.data = ending.join(lines).encode("utf-8", "surrogateescape")
    return f"{member.name}: {kind} line {at} {new!r} {ending!r}"


def _odd_path(randomness: random.Random, wheel: Draft) -> str:
    data = wheel.dist_info.replace(".dist-info", ".data")
    tops = (wheel.distribution, wheel.distribution, wheel.dist_info, data, f"{data}/purelib", f"{data}/data/share", "")
    parts = [randomness.choice(_PARTS) for _ in range(randomness.choice((1, 1, 2, 3)))]
    return "/".join(filter(None, [randomness.choice(tops), *parts])) if randomness.random() < 0.8 else "/".join(parts)


def _add_file(randomness: random.Random, wheel: Draft) -> str:
    """Add a file or a folder of an odd name."""
    name = _odd_path(randomness, wheel)
    if randomness.random() < 0.15:
        name += "/"
    data = b"" if name.endswith("/") else randomness.choice((b"", b"x", b"#!python\nprint(1)\n", b"import os\n"))
    wheel.members.insert(
        randomness.randrange(len(wheel.members) + 1), Member(name, data, mode=randomness.choice(_MODES))
    )
    return f"add {name!r}"


def _rename(randomness: random.Random, wheel: Draft) -> str:
    member = randomness.choice(wheel.members)
    before = member.name
    member.name = randomness.choice(
        (_odd_path(randomness, wheel), before.swapcase(), before.upper(), f"./{before}", f"{before} ")
    )
    return f"rename {before} to {member.name!r}"


def _drop(randomness: random.Random, wheel: Draft) -> str:
    member = wheel.members.pop(randomness.randrange(len(wheel.members)))
    return f"drop {member.name}"


def _twice(randomness: random.Random, wheel: Draft) -> str:
    member = randomness.choice(wheel.members)
    wheel.members.append(Member(member.name, member.data + randomness.choice((b"", b"\n"))))
    return f"twice {member.name}"


def _archive(randomness: random.Random, wheel: Draft) -> str:
    """Change fields of the archive."""
    member = randomness.choice(wheel.members)
    kind = randomness.choice(("mode", "extra", "method", "before", "after", "comment", "order", "edit"))
    if kind == "mode":
        member.mode = randomness.choice(_MODES)
    elif kind == "extra":
        member.extra = randomness.choice(_EXTRAS)
    elif kind == "method":
        member.compression = randomness.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    elif kind == "order":
        randomness.shuffle(wheel.members)
    elif kind == "edit":
        place = randomness.random()
        value = randomness.randrange(256)
        wheel.edit = lambda data: _edited(data, place, value)
    else:
        setattr(wheel, kind, randomness.choice((b"x", b"PK\x05\x06", b"PK\x03\x04" + bytes(26), bytes(30))))
    return f"{kind} of {member.name}"


def _edited(data: bytes, place: float, value: int) -> bytes:
    """Write a byte into the directory of an archive, or shortly before it."""
    start = max(data.find(b"PK\x01\x02") - 40, 0)
    at = start + int(place * (len(data) - start))
    return data[:at] + bytes([value]) + data[at + 1 :]


def _file_name(randomness: random.Random, wheel: Draft) -> str:
    before = wheel.file_name
    changes = (("-1.0-", "-1.0.0-"), ("-1.0-", "-v1.0-"), ("-1.0-", "-1.0-1a-"), ("-1.0-", "-01.0-"), ("cp38", "CP38"))
    old, new = randomness.choice((*changes, ("abi3", "abi3.none"), (MANYLINUX, f"{MANYLINUX}.linux_x86_64")))
    wheel.file_name = before.replace(old, new)
    return f"named {wheel.file_name}"


_CHANGES: tuple[Callable[[random.Random, Draft], str], ...] = (
    *(_change_lines,) * 6,
    *(_add_file,) * 4,
    *(_rename, _drop, _twice, _file_name),
    *(_archive,) * 3,
)


def is_accepted(wheel: Path) -> bool:
    """Return whether `verify` finds nothing."""
    return not verify(Expectation(wheel=wheel, platform=PLATFORM, abi=ABI))


def derived(wheel: Path, folder: Path) -> list[str]:
    """Repair, stamp and promote a wheel that is accepted. Return how a result is not accepted.

    A refusal is right, as each command asks for more than `verify`.
    """
    faults = []
    makers: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("repair", lambda: repair(wheel, PLATFORM, [], folder / "repair").written.path),
        ("stamp", lambda: stamp(wheel, VersionFacts("2.0"), folder / "stamp").wheel.path),
        ("promote", lambda: stamp_promoted(wheel, "3.0", "stable", folder / "promote", ()).wheel.path),
        ("unstamp", lambda: unstamp(wheel, folder / "unstamp", ())),
    )
    for title, make in makers:
        try:
            made = make()
        except SpokeshaveError:
            continue
        found = verify(Expectation(wheel=made, platform=PLATFORM, abi=ABI))
        if found:
            faults.append(f"{title} makes a wheel that verify refuses: {found[0]}")
    return faults


def install(wheels: Sequence[Mutated], folder: Path) -> str | None:
    """Install wheels with pip and import them. Return what fails."""
    target = folder / "target"
    options = ["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--no-input", "install", "--quiet"]
    command: list[str | Path] = [sys.executable, "-I", pip_folder(), *options, "--no-index", "--no-deps"]
    command += ["--target", target, *(wheel.path for wheel in wheels)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if not done.returncode:
        names = [wheel.name for wheel in wheels]
        done = subprocess.run(
            [sys.executable, "-I", "-c", _IMPORT, target, *names],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    return None if not done.returncode else (done.stderr.strip().splitlines() or ["no output"])[-1]


def run(count: int, seed: int, folder: Path, make: Maker = mutated_wheel) -> tuple[int, list[str]]:
    """Judge wheels. Return how many are accepted, and a text for each that should not be or breaks a command."""
    randomness = random.Random(seed)
    faults: list[str] = []
    accepted: list[Mutated] = []
    for number in range(count):
        wheel = make(randomness, f"m{seed}_{number}", folder)
        try:
            if not is_accepted(wheel.path):
                wheel.path.unlink()
                continue
            faults += [f"{wheel}: {fault}" for fault in derived(wheel.path, folder / "derived")]
        except Exception as err:
            faults.append(f"{wheel}: {type(err).__name__}: {err}")
            continue
        accepted.append(wheel)
    for start in range(0, len(accepted), _BATCH):
        faults += _faults_of_installs(accepted[start : start + _BATCH], folder)
    return len(accepted), faults


def _faults_of_installs(wheels: Sequence[Mutated], folder: Path) -> list[str]:
    """Return which of the wheels cannot be installed or imported, found by halves."""
    if not wheels:
        return []
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fault = install(wheels, Path(scratch))
    if fault is None:
        return []
    if len(wheels) == 1:
        return [f"{wheels[0]}: {fault}"]
    middle = len(wheels) // 2
    return _faults_of_installs(wheels[:middle], folder) + _faults_of_installs(wheels[middle:], folder)


def main(arguments: list[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m hostile.wheels", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many wheels; default: 500")
    parser.add_argument("--seed", type=int, default=1, help="other seeds make other wheels; default: 1")
    parser.add_argument("--native", action="store_true", help="change the native files, and nothing else")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        accepted, faults = run(
            options.count, options.seed, Path(folder), native_wheel if options.native else mutated_wheel
        )
    for fault in faults:
        print(fault)
    seconds = time.monotonic() - start
    print(f"{options.count} wheels in {seconds:.0f} s: {accepted} accepted, {len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
