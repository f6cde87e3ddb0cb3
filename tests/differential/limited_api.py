"""Audits of the limited API: Spokeshave's, and abi3audit's, on published wheels for the stable ABI."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from differential.comparison import Compared, compare_sets, compare_values
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from spokeshave.linkage.limited_api_audit import audit_limited_api
from spokeshave.native.file import NativeFile
from spokeshave.wheel.modules import StableSuffix, find_modules
from spokeshave.wheel.tree import unpack
from spokeshave_core.json_values import parse_any
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import WheelTag

_PINS = ("linux-wheels", "macos-wheels", "windows-wheels")


def compare(field: Field) -> Iterator[Compared]:
    """Compare the symbols outside of the limited API, and the oldest Python that has the others."""
    wheels = [wheel for name in _PINS for wheel in fetch_pinned(name, field.cache) if "-abi3-" in wheel.name]
    for wheel, theirs in zip(wheels, in_parallel(lambda wheel: _audit(field, wheel), wheels)):
        with tempfile.TemporaryDirectory() as folder:
            tree = unpack(wheel, Path(folder) / "wheel")
            modules = find_modules(tree.installed, tree.native_files)
            files = {m.file: tree.native_files[m.file] for m in modules if _is_stable(m.suffix_tag, tree.name.tag)}
            yield from _compare(wheel.name, tree.name.tag, files, theirs)


def _is_stable(suffix: str, tag: WheelTag) -> bool:
    """Return whether abi3audit audits a file: by its suffix, and on Windows by the wheel's tag."""
    return StableSuffix.parse(suffix) is not None or (not suffix and tag.platform.startswith("win"))


def _audit(field: Field, wheel: Path) -> Mapping[str, Mapping[str, object]]:
    """Return abi3audit's result for each file of a wheel, by the file's name."""
    done = field.run("abi3audit", "--report", wheel)
    report = parse_any(done.stdout)
    return {
        PurePosixPath(item["name"]).name: item["result"] for spec in report["specs"].values() for item in spec["wheel"]
    }


def _compare(
    wheel: str, tag: WheelTag, files: Mapping[str, NativeFile], theirs: Mapping[str, Mapping[str, object]]
) -> Iterator[Compared]:
    abi = PythonAbi.of_tags(tag.python, tag.abi)
    version = (abi and abi.python_version) or (3, 2)
    yield from compare_sets("audited files", wheel, {PurePosixPath(file).name for file in files}, theirs)
    for file, native in files.items():
        result = theirs.get(PurePosixPath(file).name)
        if result is None:
            continue
        ours = audit_limited_api(native.undefined, version)
        case = f"{wheel}:{PurePosixPath(file).name}"
        outside = result["non_abi3_symbols"]
        assert isinstance(outside, list)
        yield from compare_sets("symbols outside", case, ours.outside, outside)
        later = result["future_abi3_objects"]
        assert isinstance(later, dict)
        yield from compare_sets("symbols of later Pythons", case, {name for _, name in ours.later}, later)
        yield compare_values("oldest Python", case, ours.needed, _oldest(result, version))


def _oldest(result: Mapping[str, object], version: tuple[int, int]) -> str:
    """Return the oldest Python that abi3audit computes, which is not below the tag's in our words."""
    major, _, minor = str(result["computed"]).partition(".")
    return ".".join(map(str, max(version, (int(major), int(minor)))))
