"""Extension modules among a wheel's files: their dotted names, their suffixes, and the functions that Python loads.

Sources: PEP 489 (`PyInit_`), PEP 793 (`PyModExport_`, from 3.15 on), PEP 3149 and PEP 803 (suffixes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from spokeshave.native.file import NativeFile

_INIT = re.compile(r"Py(Init|ModExport)U?_\w+")
_PACKAGE = "__init__"
_ENDINGS = (".so", ".pyd")
_TAGGED = re.compile(r"\.(?P<tag>(cp\d|cpython|pypy|graalpy)\S*|abi3t?(-\S+)?)$")
_STABLE = re.compile(r"(?P<abi>abi3t?)(-(?P<triple>\S+))?")
_FIRST_MODEXPORT = (3, 15)
_CPYTHON = re.compile(r"(cpython-|cp)(?P<version>\d+)(?P<threading>t?)d?(-(?P<triple>\S+))?")


@dataclass(frozen=True)
class ExtensionModule:
    """An extension module.

    Attributes:
        file: Its file in the wheel.
        name: The name that Python imports it by, which is the package's for a file that is named `__init__`.
        suffix_tag: The part of the file's name between the first part and `.so` or `.pyd`.
        is_package: Whether the file is named `__init__`.
    """

    file: str
    name: str
    suffix_tag: str
    ending: str
    is_package: bool = False

    @property
    def python_file(self) -> str:
        """Return the path of a Python module with the same name, relative to site-packages."""
        return f"{self.name.replace('.', '/')}{'/__init__' if self.is_package else ''}.py"

    def init_names(self, oldest: tuple[int, int]) -> tuple[str, ...]:
        """Return the functions by one of which a Python, and all later ones, can load the module."""
        names = (self._function("PyInit"), self.export_hook)
        return names if oldest >= _FIRST_MODEXPORT else names[:1]

    @property
    def export_hook(self) -> str:
        """Return the function that Python 3.15 and later prefer (PEP 793)."""
        return self._function("PyModExport")

    def _function(self, prefix: str) -> str:
        last = self.name.rpartition(".")[2]
        if last.isascii():
            return f"{prefix}_{last}"
        encoded = last.encode("punycode").decode("ascii").replace("-", "_")
        return f"{prefix}U_{encoded}"


@dataclass(frozen=True)
class CPythonSuffix:
    """A suffix tag such as `cpython-313t-x86_64-linux-gnu` or `cp313t-win_amd64`. The triple may be empty."""

    version: str
    is_free_threaded: bool
    triple: str

    @classmethod
    def parse(cls, suffix_tag: str) -> CPythonSuffix | None:
        """Parse a suffix. None for other kinds of suffixes."""
        match = _CPYTHON.fullmatch(suffix_tag)
        return cls(match["version"], bool(match["threading"]), match["triple"] or "") if match else None


@dataclass(frozen=True)
class StableSuffix:
    """A suffix tag such as `abi3`, `abi3t` or, from 3.15 on, `abi3t-x86_64-linux-gnu`. The triple may be empty."""

    is_abi3t: bool
    triple: str

    @classmethod
    def parse(cls, suffix_tag: str) -> StableSuffix | None:
        """Parse a suffix. None for other kinds of suffixes."""
        match = _STABLE.fullmatch(suffix_tag)
        return cls(match["abi"] == "abi3t", match["triple"] or "") if match else None


def exported_init_functions(native: NativeFile) -> list[str]:
    """Return the functions by which Python can load a library as a module: `PyInit_name`, `PyModExport_name`."""
    return sorted(symbol for symbol in native.exports if _INIT.fullmatch(symbol))


def find_modules(installed: dict[str, str], native_files: Mapping[str, NativeFile]) -> list[ExtensionModule]:
    """Return the extension modules: by their suffix, or by their exports for a plain `.so`.

    Args:
        installed: The files of the wheel by their paths relative to site-packages.
    """
    modules = [_module(path, file) for path, file in sorted(installed.items()) if file in native_files]
    return [module for module in modules if module and _is_module(module, native_files[module.file])]


def _is_module(module: ExtensionModule, native: NativeFile) -> bool:
    return bool(module.suffix_tag or module.ending == ".pyd" or exported_init_functions(native))


def _module(path: str, file: str) -> ExtensionModule | None:
    location = PurePosixPath(path)
    ending = location.suffix
    name, dot, tag = location.stem.partition(".")
    dotted = [*location.parts[:-1], name]
    # mypyc's modules may begin with a digit. They are imported by name.
    if ending not in _ENDINGS or not all(f"_{part}".isidentifier() for part in dotted):
        return None
    tagged = _TAGGED.search(f"{dot}{tag}")
    if dot and tagged is None:
        return None
    is_package = name == _PACKAGE and len(dotted) > 1
    return ExtensionModule(
        file=file,
        name=".".join(dotted[:-1] if is_package else dotted),
        suffix_tag=tagged["tag"] if tagged else "",
        ending=ending,
        is_package=is_package,
    )


def module_name(text: str) -> str:
    """Return the name that Python imports a module by, which may be written with its `__init__`."""
    name, _, last = text.rpartition(".")
    return name if name and last == _PACKAGE else text
