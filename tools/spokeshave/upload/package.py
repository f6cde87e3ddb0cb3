"""Wheels and sdists as twine sends them: their metadata, their hashes and the upload's form."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from packaging.metadata import RawMetadata
from packaging.version import Version
from twine.exceptions import InvalidDistribution, TwineException
from twine.package import PackageFile, PackageMetadata
from twine.wheel import Wheel

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_version
from spokeshave.wheel.metadata_reader import CoreMetadata, is_early_license_file, read_core_metadata
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import SDIST_SUFFIX, UNSTAMPED

# zipfile's errors for damaged files: RuntimeError for encryption, NotImplementedError (a subclass) for unknown
# compression, and OSError without a number for bzip2.
_DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
)


class WheelPackage(PackageFile):
    """A wheel for twine, with metadata from our own reader, because the pinned twine supports them up to 2.4 only."""

    def __init__(self, path: Path, core: CoreMetadata, python: str) -> None:
        super().__init__(str(path), None, _without_early_license_files(core.raw), python, "bdist_wheel")
        self._core = core

    @classmethod
    def read(cls, path: Path) -> WheelPackage:
        """Read a wheel.

        Raises:
            InvalidDistribution: For all problems of its metadata.
        """
        wheel = Wheel(str(path))
        core = read_core_metadata(wheel.read())
        package = cls(path, core, wheel.py_version) if {"name", "version"} <= set(core.raw) else None
        faults = [fault for fault in core.faults if not is_early_license_file(fault)]
        if faults or package is None:
            messages = "; ".join(sorted(map(str, faults)))
            raise InvalidDistribution(f"Invalid distribution metadata: {messages}")
        return package

    def metadata_dictionary(self) -> PackageMetadata:
        """Return the fields of the upload's form. The names for PEP 794 are those that Warehouse reads."""
        fields = {"import_name": self._core.import_names, "import_namespace": self._core.import_namespaces}
        form: dict[str, Any] = {**super().metadata_dictionary(), **{k: list(v) for k, v in fields.items() if v}}
        return cast("PackageMetadata", form)


def _without_early_license_files(raw: RawMetadata) -> RawMetadata:
    """Return the metadata without early license fields of setuptools, which indexes ignore or refuse."""
    if parse_version(raw.get("metadata_version", "0")) >= Version("2.4"):
        return raw
    return cast("RawMetadata", {key: value for key, value in raw.items() if key != "license_files"})


def read_wheels(paths: Sequence[Path]) -> list[PackageFile]:
    """Return the wheels with their metadata and hashes.

    Raises:
        InvalidWheelError: For all problems of the wheels.
    """
    problems = Problems()
    packages = []
    for path in paths:
        with problems.collecting():
            packages.append(read_package(path))
    names = [package.basefilename for package in packages]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(name, "is given more than once", "Give each wheel once.")
    problems.raise_if_any(InvalidWheelError)
    return packages


def read_package(path: Path, attestations: Sequence[Path] = ()) -> PackageFile:
    """Return a wheel, or an sdist by its name's ending, with its attestations.

    Raises:
        InvalidWheelError: If it does not exist, or is damaged or not stamped.
    """
    remedy = "Package it again."
    if not path.is_file():
        raise InvalidWheelError(Problem(str(path), "does not exist", "Check the path."))
    is_sdist = path.name.endswith(SDIST_SUFFIX)
    try:
        version = "" if is_sdist else parse_wheel_name(path.name).version
        package = PackageFile.from_filename(str(path), None) if is_sdist else WheelPackage.read(path)
    except (TwineException, *_DAMAGES) as err:
        if isinstance(err, OSError) and err.errno:
            raise
        message = f"is not a valid {'sdist' if is_sdist else 'wheel'} ({str(err) or type(err).__name__})"
        raise InvalidWheelError(Problem(path.name, message, remedy)) from err
    if version == UNSTAMPED:
        raise InvalidWheelError(Problem(path.name, "has no version yet", "Stamp it first, with `spokeshave stamp`."))
    try:
        if attestations:
            package.add_attestations([str(attestation) for attestation in attestations])
    except (TwineException, UnicodeDecodeError) as err:
        raise InvalidWheelError(Problem(path.name, f"has an attestation that is not JSON ({err})", remedy)) from err
    return package
