"""The supported platforms, by the tags of their wheels, and the available Pythons of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spokeshave.setup_steps import SetUpError
from spokeshave_core.cpython_releases import DEBIAN_SUITES, WINDOWS_EMULATION
from spokeshave_core.problems import Problems

# The suite of the emulators. Its qemu is one static file. Its wine runs on every glibc since 2.36.
QEMU_SUITE = "trixie"
WINE_SUITE = "bookworm"
MUSL_SUITE = "trixie"


@dataclass(frozen=True)
class Guest:
    """A platform that can be emulated.

    Attributes:
        tag: The tag with the newest floor whose wheels it runs.
        cost: The measured size of the download and of the installation.
    """

    tag: str
    system: str
    architecture: str
    debian: str
    emulator: str
    pythons: tuple[str, ...]
    default_pythons: tuple[str, ...]
    cost: str

    @property
    def key(self) -> str:
        """Return the tag without its floor, which identifies the guest."""
        return _without_floor(self.tag)

    @property
    def emulator_folder(self) -> str:
        """Return the directory of its emulator, below the common directory."""
        return {"Windows": "wine", "musl": "musl"}.get(self.system) or f"qemu/{self.architecture}"

    def python_name(self, version: str) -> str:
        """Return the name of one of its Pythons in the manifest: `glibc-aarch64-3.13`."""
        return f"{self.system.lower()}-{self.architecture}-{version}"


def _linux(
    architecture: str,
    debian: str,
    emulator: str,
    pythons: tuple[str, ...],
    default_pythons: tuple[str, ...] = (),
) -> Guest:
    cost = "71 MB once for qemu, which a machine of that processor does not need; 25 MB for each Python"
    tag = f"manylinux_2_17_{architecture}" if architecture != "riscv64" else "manylinux_2_31_riscv64"
    return Guest(
        tag=tag,
        system="glibc",
        architecture=architecture,
        debian=debian,
        emulator=emulator,
        pythons=pythons,
        default_pythons=default_pythons or pythons[:2],
        cost=cost,
    )


_ALL = tuple(DEBIAN_SUITES)
# Debian has an official port to riscv64 since trixie.
_SINCE_TRIXIE = tuple(python for python, suite in DEBIAN_SUITES.items() if suite != "bookworm")
GUESTS = (
    # Most machines have this processor, and older Pythons of their own.
    _linux("x86_64", "amd64", "qemu-x86_64", _ALL, default_pythons=_ALL[-2:]),
    _linux("aarch64", "arm64", "qemu-aarch64", _ALL),
    _linux("armv7l", "armhf", "qemu-arm", _ALL),
    _linux("ppc64le", "ppc64el", "qemu-ppc64le", _ALL),
    _linux("s390x", "s390x", "qemu-s390x", _ALL),
    _linux("riscv64", "riscv64", "qemu-riscv64", _SINCE_TRIXIE),
    Guest(
        tag="musllinux_1_2_x86_64",
        system="musl",
        architecture="x86_64",
        debian="amd64",
        emulator="musl (compiled here)",
        pythons=("3.13", "3.11"),
        default_pythons=("3.13",),
        cost="101 MB once for zig; 23 MB, and minutes of compiling, for each Python",
    ),
    Guest(
        tag="win_amd64",
        system="Windows",
        architecture="amd64",
        debian="amd64",
        emulator="wine64",
        pythons=WINDOWS_EMULATION,
        default_pythons=("3.11", "3.13"),
        cost="200 MB once for wine and zig; 67 MB for each Python",
    ),
)
DEFAULT_PLATFORMS = ("manylinux_2_17_aarch64",)


@dataclass(frozen=True)
class Wanted:
    """A guest and the Pythons to set up for it."""

    guest: Guest
    pythons: tuple[str, ...]


def choose(tags: Sequence[str], pythons: Sequence[str]) -> list[Wanted]:
    """Return the guests that match tags, with the requested Pythons or the default ones.

    Raises:
        SetUpError: For tags or Pythons that are not available.
    """
    problems = Problems()
    wanted = []
    for tag in dict.fromkeys(tags or DEFAULT_PLATFORMS):
        guest = next((guest for guest in GUESTS if guest.key == _without_floor(tag)), None)
        if guest is None:
            known = ", ".join(guest.tag for guest in GUESTS)
            problems.add(
                tag, "is not a platform that can be emulated here", f"Supported are {known}, with any version."
            )
            continue
        for python in pythons:
            if python not in guest.pythons:
                remedy = f"Available for {guest.tag}: {', '.join(guest.pythons)}."
                problems.add(f"--python {python}", f"is not available for {guest.tag}", remedy)
        wanted.append(Wanted(guest, tuple(dict.fromkeys(pythons)) or guest.default_pythons))
    problems.raise_if_any(SetUpError)
    return wanted


def listing() -> str:
    """Return a table of everything that is available."""
    rows = [("platform", "Pythons (usual ones first)", "emulator", "to download")]
    for guest in GUESTS:
        others = [python for python in guest.pythons if python not in guest.default_pythons]
        usual = " ".join(guest.default_pythons) + (f"  ({' '.join(others)})" if others else "")
        rows.append((guest.tag, usual, guest.emulator, guest.cost))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _without_floor(tag: str) -> str:
    """Remove the floor: `manylinux_2_17_aarch64` and `manylinux2014_aarch64` become `manylinux_aarch64`."""
    family, _, rest = tag.partition("_")
    parts = rest.split("_")
    while len(parts) > 1 and parts[0].isdigit():
        parts = parts[1:]
    return f"{family.rstrip('0123456789')}_{'_'.join(parts)}"
