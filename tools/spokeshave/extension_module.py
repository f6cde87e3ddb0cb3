"""Extension modules among a wheel's files: their dotted names, their suffixes and their ``PyInit_`` functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from spokeshave.elf import ElfFile

_INIT = re.compile(r"Py(Init|InitU|ModExport|ModExportU)_(?P<name>\w+)")
_TAGGED = re.compile(r"\.(?P<tag>(cpython|pypy|graalpy)\S*|abi3t?)\.so$")
_CPYTHON = re.compile(r"cpython-(?P<version>\d+)(?P<threading>t?)d?(-(?P<triple>\S+))?")


@dataclass(frozen=True)
class ExtensionModule:
    """An extension module: its file in the wheel, its name, what stands between the name and ``.so``."""

    file: str
    name: str
    suffix_tag: str

    @property
    def init_names(self) -> tuple[str, ...]:
        """The functions by one of which Python loads the module (PEP 489, PEP 793)."""
        last = self.name.rpartition(".")[2]
        if last.isascii():
            return (f"PyInit_{last}", f"PyModExport_{last}")
        encoded = last.encode("punycode").decode("ascii").replace("-", "_")
        return (f"PyInitU_{encoded}", f"PyModExportU_{encoded}")


@dataclass(frozen=True)
class CPythonSuffix:
    """A suffix tag such as ``cpython-313t-x86_64-linux-gnu``; the triple is empty where it has none."""

    version: str
    is_free_threaded: bool
    triple: str

    @classmethod
    def parse(cls, suffix_tag: str) -> CPythonSuffix | None:
        """None for a suffix of another kind."""
        match = _CPYTHON.fullmatch(suffix_tag)
        return cls(match["version"], bool(match["threading"]), match["triple"] or "") if match else None


def exported_modules(elf: ElfFile) -> list[str]:
    """The names of the modules that a library can be loaded as."""
    matches = (_INIT.fullmatch(symbol) for symbol in elf.exports)
    return sorted({match["name"] for match in matches if match})


def find_modules(installed: dict[str, str], elf_files: dict[str, ElfFile]) -> list[ExtensionModule]:
    """The extension modules: by their suffix, or, for a plain ``.so``, by what they export.

    ``installed`` has the paths relative to site-packages and the files of the wheel that they stand for.
    """
    modules = [_module(path, file) for path, file in sorted(installed.items()) if file in elf_files]
    return [module for module in modules if module and (module.suffix_tag or exported_modules(elf_files[module.file]))]


def _module(path: str, file: str) -> ExtensionModule | None:
    parts = PurePosixPath(path).parts
    name, dot, rest = parts[-1].partition(".")
    dotted = [*parts[:-1], name]
    # mypyc's modules may begin with a digit; they are imported by name.
    if not path.endswith(".so") or not all(f"_{part}".isidentifier() for part in dotted):
        return None
    tagged = _TAGGED.search(f"{dot}{rest}")
    if dot + rest != ".so" and tagged is None:
        return None
    return ExtensionModule(file, ".".join(dotted), tagged["tag"] if tagged else "")
