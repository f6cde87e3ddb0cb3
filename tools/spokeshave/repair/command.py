"""The command `spokeshave repair`: make a wheel valid for its platform, with the same bytes on any machine."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.errors import ExitCode, InvalidWheelError
from spokeshave.linkage.formats import read_linkage
from spokeshave.linkage.linkage import LinkedFiles
from spokeshave.native.file import foreign_formats, no_native_code
from spokeshave.native.version_slot import has_slots_of
from spokeshave.policies.linux import parse_platform
from spokeshave.repair.formats import graft
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.repair.origin import origins_of
from spokeshave.repair.own_libraries import check_own_libraries
from spokeshave.repair.sbom import SBOM, render_sbom
from spokeshave.report import write_text
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.tree import WheelTree, read_tree, unpack
from spokeshave.wheel.writer import WrittenWheel, tree_entries, write_tags, write_wheel
from spokeshave_core.components import Component, Components
from spokeshave_core.json_values import InvalidJsonError
from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.repair import GraftedLibrary, RepairReport
from spokeshave_core.wheel_name import UNSTAMPED, WheelName, WheelTag


class UnreadableComponentsError(SpokeshaveError):
    """A file of `--components` that cannot be used."""


@dataclass(frozen=True)
class RepairedWheel:
    """A wheel that is valid for its platform.

    Attributes:
        libraries: The libraries that it takes from the platform.
        newest_symbols: The newest required version of each kind (`GLIBC`; for `macOS` and `Windows` the system's).
    """

    written: WrittenWheel
    name: WheelName
    platform: Platform
    grafted: tuple[GraftedLibrary, ...]
    libraries: tuple[str, ...]
    newest_symbols: dict[str, str]

    def report(self) -> RepairReport:
        """Return the report of the `repair` command."""
        return RepairReport(
            wheel=self.written.path.name,
            sha256=self.written.sha256,
            size=self.written.size,
            tags=tuple(self.name.tag.expand()),
            platform=self.platform.tag,
            grafted=self.grafted,
            libraries=self.libraries,
            newest_symbols=self.newest_symbols,
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave repair`."""
    parser.add_argument("--wheel", type=Path, required=True, metavar="FILE", help="the wheel to repair")
    parser.add_argument(
        "--platform",
        required=True,
        metavar="TAG",
        help="the platform tag to repair it for, such as manylinux_2_17_x86_64",
    )
    parser.add_argument(
        "--library-dir",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with shared libraries to copy into the wheel if needed; no others are copied",
    )
    parser.add_argument(
        "--own-library",
        action="append",
        default=[],
        metavar="PATH",
        help="a library in the wheel that keeps its name, because Python code opens it; its folder becomes a search"
        " path of the files that need it",
    )
    parser.add_argument(
        "--components",
        type=Path,
        metavar="FILE",
        help="a JSON file that lists the software of others in the wheel's native files, such as static libraries:"
        ' {"components": [{"name": "zlib", "version": "1.3.1", "license": "Zlib", "purl": "pkg:generic/zlib@1.3.1"}]};'
        f" the wheel's bill of materials (dist-info/{SBOM}) then contains them. Default: it lists what is copied in",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to write the repaired wheel to"
    )
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Repair one wheel.

    Raises:
        SpokeshaveError: For all reasons that it cannot be repaired.
    """
    components = None if args.components is None else read_components(args.components)
    repaired = repair(
        args.wheel, parse_platform(args.platform), args.library_dir, args.output, args.own_library, components
    )
    write_text(args.report, repaired.report().to_json())
    return ExitCode.OK


def read_components(file: Path) -> tuple[Component, ...]:
    """Read the file of `--components`.

    Raises:
        UnreadableComponentsError: If it cannot be read or is not such a file.
    """
    remedy = 'Give a JSON file such as {"components": [{"name": "zlib", "version": "1.3.1"}]} to --components.'
    try:
        components = Components.from_json(file.read_text("utf-8"))
        components.to_json().encode("utf-8")
    except OSError as err:
        problem = Problem(str(file), f"cannot be read ({err.strerror})", remedy)
        raise UnreadableComponentsError(problem) from err
    except UnicodeDecodeError as err:
        raise UnreadableComponentsError(Problem(str(file), f"is not UTF-8 ({err})", remedy)) from err
    except UnicodeEncodeError as err:
        raise UnreadableComponentsError(Problem(str(file), f"has a text that is not Unicode ({err})", remedy)) from err
    except InvalidJsonError as err:
        raise UnreadableComponentsError(Problem(str(file), f"does not list components: {err}", remedy)) from err
    empty = [
        f"components[{index}] has an empty {key!r}"
        for index, component in enumerate(components.components)
        for key, value in vars(component).items()
        if value is not None and not value.strip()
    ]
    if empty:
        remedy = "Each component has a name. Leave out what else is not known."
        raise UnreadableComponentsError(*(Problem(str(file), text, remedy) for text in empty))
    return components.components


def repair(
    wheel: Path,
    platform: Platform,
    library_dirs: Sequence[Path],
    output: Path,
    own_libraries: Sequence[str] = (),
    components: Sequence[Component] | None = None,
) -> RepairedWheel:
    """Write a copy of `wheel` that is valid for `platform` to `output`.

    Args:
        own_libraries: The paths of libraries in the wheel that its files use instead of grafted ones.
        components: The software of others in the wheel's native files. None if the caller does not know it.

    Raises:
        SpokeshaveError: For all reasons that it cannot be repaired.
    """
    _check_folders(library_dirs)
    with tempfile.TemporaryDirectory(prefix="spokeshave-repair-") as folder:
        scratch = Path(folder).resolve()
        tree = unpack(wheel, scratch / "wheel")
        _check_tags(tree.name, platform)
        _check_native_code(tree, platform)
        check_own_libraries(tree, platform, own_libraries, library_dirs)
        grafted, files = fit(tree, platform, library_dirs, own_libraries)
        libraries = files.platform_libraries()
        newest = files.newest()
        name = _retag(files.tree, platform)
        _list_version_slots(files.tree)
        origins = origins_of([library.name for library in grafted], library_dirs)
        _write_sbom(tree=files.tree, name=name, components=components, grafted=grafted, origins=origins)
        entries = tree_entries(files.tree.root, Compression.DEFLATED)
        written = write_wheel(output / str(name), files.tree.dist_info, entries, Compression.DEFLATED)
    return RepairedWheel(
        written=written,
        name=name,
        platform=platform,
        grafted=grafted,
        libraries=tuple(libraries),
        newest_symbols=newest,
    )


def fit(
    tree: WheelTree, platform: Platform, library_dirs: Sequence[Path], own_libraries: Sequence[str]
) -> tuple[tuple[GraftedLibrary, ...], LinkedFiles]:
    """Change the files to fit the platform; gives the libraries that were copied in, and the files after that."""
    grafts = graft(platform, tree, library_dirs, own_libraries)
    abi = PythonAbi.of_tags(tree.name.tag.python, tree.name.tag.abi)
    linkage = read_linkage(platform, read_tree(tree.name, tree.root), abi)
    grafts.problems.extend(UnrepairableWheelError(*linkage.problems(*grafts.checked)))
    grafts.problems.raise_if_any(UnrepairableWheelError)
    return grafts.libraries, linkage.files


def _check_folders(library_dirs: Sequence[Path]) -> None:
    problems = Problems()
    for folder in library_dirs:
        if not folder.is_dir():
            problems.add(
                str(folder), "is not a folder", "Give a folder that contains shared libraries to --library-dir."
            )
    problems.raise_if_any(UnrepairableWheelError)


def _check_tags(name: WheelName, platform: Platform) -> None:
    problems = Problems()
    for tag in name.tag.platform.split("."):
        if tag != platform.unrepaired_tag and not _is_repaired_tag(tag, platform):
            message = f"is tagged {tag}, which cannot become {platform.tag}"
            problems.add(str(name), message, f"Assemble it with a tag that ends in -{platform.unrepaired_tag}.")
    problems.raise_if_any(UnrepairableWheelError)


def _is_repaired_tag(tag: str, platform: Platform) -> bool:
    """Return whether a wheel with this tag was repaired for the same C library and architecture."""
    if platform.object_format is not ObjectFormat.ELF:
        return False
    family = platform.tag.split("linux_", 1)[0] + "linux"
    return tag.startswith(family) and tag.endswith(f"_{platform.architecture}")


def _check_native_code(tree: WheelTree, platform: Platform) -> None:
    """Check that the wheel has native code, and none for another system."""
    problems = [
        *foreign_formats(tree.native_files, platform),
        *no_native_code(str(tree.name), tree.native_files, tree.static_programs, platform),
    ]
    if problems:
        raise UnrepairableWheelError(*problems)


def _list_version_slots(tree: WheelTree) -> None:
    """Write the native files with a version slot into the recipe of a wheel that has one.

    Slots of another version are those of another project's library. In a stamped wheel they may have the wheel's
    version by chance, so its list only gets shorter.

    Raises:
        SpokeshaveError: For all slots that the stamp could not change.
    """
    file = tree.root / tree.dist_info / RECIPE
    if not file.is_file():
        return
    recipe = Recipe.parse(file.read_bytes(), f"{tree.dist_info}/{RECIPE}")
    version = tree.name.version
    problems = Problems()
    found = []
    for native in tree.native_files:
        with problems.collecting():
            if has_slots_of(tree.root / native, native, version) and (
                version == UNSTAMPED or native in recipe.version_slots
            ):
                found.append(native)
    problems.raise_if_any(UnrepairableWheelError)
    file.write_bytes(replace(recipe, version_slots=tuple(sorted(found))).render())


def _retag(tree: WheelTree, platform: Platform) -> WheelName:
    """Set the wheel's tags to the platform's, in its WHEEL file and in its name."""
    tag = WheelTag(tree.name.tag.python, tree.name.tag.abi, ".".join(platform.tags))
    write_tags(tree.root, tree.dist_info, tag)
    return replace(tree.name, tag=tag)


def _write_sbom(
    tree: WheelTree,
    name: WheelName,
    components: Sequence[Component] | None,
    grafted: Sequence[GraftedLibrary],
    origins: Mapping[str, Component],
) -> None:
    """Write the bill of materials if there is something to list, or the caller says that there is nothing.

    Documents of other tools stay as they are.

    Raises:
        InvalidWheelError: If the wheel has something else at its path, or another document.
    """
    file = tree.root / tree.dist_info / SBOM
    former = file.read_bytes() if file.is_file() else None
    if components is None and not grafted and former is None:
        return
    if file.parent.is_file() or file.is_dir():
        message = "cannot be written, because its path is taken"
        raise InvalidWheelError(Problem(f"{tree.dist_info}/{SBOM}", message, "Rename what is there."))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(render_sbom(name, components or (), grafted, former, origins))
    file.chmod(0o644)
