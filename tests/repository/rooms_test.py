"""The order of the rooms: a folder or module imports only lower ones, by the lists of this file."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LARGEST_ROOM = 15
# No part of the program: tests and what only they import.
TEST_ENDINGS = ("_test.py", "_fixtures.py")

# The layers of each folder, lowest first: rooms of one layer do not import each other. A folder that is not listed has
# no folders below it; its modules may import each other, but not in a ring. A package's `__init__` is below all
# others, unless the layers name it: then it exports what is below.
CORE_LAYERS: Mapping[str, tuple[str, ...]] = {
    "": (
        "apt c_library channel files json_values license_files outcomes problems python_search requirement_lines",
        "components home wheel_name",
        "page python_abi platform",
        "cpython_releases manifest",
        "reports",
        "release",
    ),
    "page": ("markup style", "document parts"),
}
TOOLS_LAYERS: Mapping[str, tuple[str, ...]] = {
    "": (
        "errors failures files option_values processes python_code requirement_text sizes toml_text",
        "pinned_library report setup_steps",
        "pinned_environment",
        "policies",
        "native",
        "wheel",
        "linkage pythons",
        "assemble cache_server develop emulation intake repair smoke stamp standalone upload verify version",
        "sdist",
        "release",
        "cli",
        "__main__ testing",
    ),
    "native": ("name_budget", "elf macho pe", "file version_slot"),
    "release": (
        "attestations columns environment file_selection packed_files record version_traces",
        "derived version_search",
        "integrity",
        "writer",
        "index",
        "destination retention verification",
        "check",
        "conda fetch publish seal trial",
        "promote show",
        "nightly",
    ),
    "release/index": (
        "folder release_names texts upload_time",
        "people server",
        "writer",
        "list_command one_set",
        "add_command keep_command remove_command yank_command",
    ),
    "release/check": ("file siblings", "fields file_set index version_texts", "release_files", "check", "command"),
    "standalone": ("backend header_releases packages runtime_pack sdist unpack",),
    "verify": ("findings", "checks", "command"),
}
PLUGIN_LAYERS: Mapping[str, tuple[str, ...]] = {
    "": (
        "action errors pants_api resources",
        "pythons",
        "sandbox",
        "sources toolchain",
        "confinement",
        "headers",
        "cc",
        "release",
        "wheel",
    ),
    "pants_api": ("versions", "by_name requirement", "on_2_17 on_2_29", "__init__", "batches"),
    "cc": (
        "system_specific_headers",
        "build_type cmake_names diagnostics languages sandbox_flags settings unsupported",
        "subsystem",
        "target_types",
        "compile_command",
        "runtime_pack",
        "foreign",
        "project",
        "includes",
        "closure",
        "compile",
        "link",
        "goals tailor",
        "register",
    ),
    "release": ("checkout target_types version_arguments", "subsystem", "rules", "goals", "register"),
    "wheel": (
        "progress publish report subsystem target_types",
        "backend_target_types",
        "downstream",
        "plan",
        "backend",
        "build",
        "codegen development smoke",
        "sdist",
        "planned_work",
        "wheel_set",
        "wheel_reports",
        "record",
        "goals tailor",
        "register",
    ),
    "wheel/report": ("totals", "listing spans wheels", "critical_path", "page", "github"),
}


@dataclass(frozen=True)
class Tree:
    """A package with the order of its rooms."""

    root: Path
    layers: Mapping[str, tuple[str, ...]]

    @property
    def package(self) -> str:
        return self.root.name

    def files(self) -> list[Path]:
        """The modules of the program. What a link leads to belongs to another tree."""
        found = (path for path in self.root.rglob("*.py") if not path.name.endswith(TEST_ENDINGS))
        return sorted(path for path in found if path.resolve() == path)

    def modules(self) -> dict[str, Path]:
        """The modules by their name below the package, such as `cc/link/rules`."""
        return {path.relative_to(self.root).with_suffix("").as_posix(): path for path in self.files()}


CORE = Tree(REPOSITORY / "core/spokeshave_core", CORE_LAYERS)
TOOLS = Tree(REPOSITORY / "tools/spokeshave", TOOLS_LAYERS)
PLUGIN = Tree(REPOSITORY / "rules/spokeshave_pants", PLUGIN_LAYERS)
every_tree = pytest.mark.parametrize("tree", [CORE, TOOLS, PLUGIN], ids=["core", "tools", "plugin"])


@every_tree
def test_a_room_imports_only_lower_rooms(tree: Tree) -> None:
    assert violations(tree) == []


@every_tree
def test_no_modules_import_each_other_in_a_ring(tree: Tree) -> None:
    modules = tree.modules()
    graph = {name: set(imported_modules(tree, name, modules)) - {name} for name in modules}
    tuple(graphlib.TopologicalSorter(graph).static_order())


@every_tree
def test_the_layers_name_every_room_and_no_other(tree: Tree) -> None:
    assert unplaced(tree) == []


@every_tree
def test_no_room_is_large(tree: Tree) -> None:
    assert large_rooms(tree) == []


def violations(tree: Tree) -> list[str]:
    """Imports of a room that is not lower, with the file and what it imports."""
    modules = tree.modules()
    found: list[str] = []
    for name in sorted(modules):
        for imported in sorted(set(imported_modules(tree, name, modules)) - {name}):
            folder = _common_folder(name, imported)
            room = _room(name, folder)
            other = _room(imported, folder)
            if folder in tree.layers and not _is_below(tree.layers[folder], other, room):
                found.append(f"{tree.package}/{name}.py: imports {imported}, but {other} is not below {room}")
    return found


def imported_modules(tree: Tree, name: str, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules of its own tree that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(modules[name].read_text())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [submodule if _path(tree, submodule, modules) else str(node.module) for submodule in submodules]
        else:
            continue
        for imported in found:
            if imported.split(".")[0] == tree.package:
                path = _path(tree, imported, modules)
                assert path, f"{modules[name]}: {imported} is not a module of the program"
                yield path


def unplaced(tree: Tree) -> list[str]:
    """Rooms that no layer names, and names in layers that are not rooms."""
    modules = tree.modules()
    folders = {"/".join(parts[:count]) for parts in map(_parts, modules) for count in range(len(parts))}
    parents = {folder.rpartition("/")[0] for folder in folders if folder}
    problems = [f"{folder}: has folders, but no layers" for folder in sorted(parents - set(tree.layers))]
    problems += [f"{folder}: has layers, but is not a folder" for folder in sorted(set(tree.layers) - folders)]
    for folder in sorted(folders & set(tree.layers)):
        rooms = {_room(name, folder) for name in modules if _is_inside(name, folder)} - {"__init__"}
        named = [room for layer in tree.layers[folder] for room in layer.split() if room != "__init__"]
        problems += [f"{folder}/{room}: is in no layer" for room in sorted(rooms - set(named))]
        problems += [f"{folder}/{room}: is in a layer, but does not exist" for room in sorted(set(named) - rooms)]
        problems += [f"{folder}/{room}: is in two layers" for room in sorted(rooms) if named.count(room) > 1]
    return problems


def large_rooms(tree: Tree) -> list[str]:
    """Folders with too many modules, the package's own file not counted."""
    counts: dict[str, int] = {}
    for name in tree.modules():
        folder, _, module = name.rpartition("/")
        counts[folder] = counts.get(folder, 0) + (module != "__init__")
    large = {folder: count for folder, count in sorted(counts.items()) if count > LARGEST_ROOM}
    return [f"{folder or tree.package}: {count} modules" for folder, count in large.items()]


def _path(tree: Tree, imported: str, modules: Mapping[str, Path]) -> str:
    """The module that a dotted name means; empty where it is not one."""
    inside = "/".join(imported.split(".")[1:])
    package = f"{inside}/__init__" if inside else "__init__"
    is_own = imported.split(".")[0] == tree.package
    return next((name for name in (inside, package) if is_own and name in modules), "")


def _parts(name: str) -> list[str]:
    return name.split("/")


def _common_folder(first: str, second: str) -> str:
    """The deepest folder that holds both modules."""
    common = []
    for one, other in zip(_parts(first)[:-1], _parts(second)[:-1]):
        if one != other:
            break
        common.append(one)
    return "/".join(common)


def _is_inside(name: str, folder: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _room(name: str, folder: str) -> str:
    """The part of a folder in which a module is: a folder below it, or the module itself."""
    return _parts(name)[len(_parts(folder)) if folder else 0]


def _is_below(layers: tuple[str, ...], room: str, other: str) -> bool:
    ranks = {name: rank for rank, layer in enumerate(layers) for name in layer.split()}
    return ranks.get(room, -1) < ranks.get(other, -1)


@pytest.fixture
def house(tmp_path: Path) -> Tree:
    """A small tree in order, in which the tests below plant one fault each."""
    root = tmp_path.resolve() / "house"
    for path, source in {
        "__init__.py": "VERSION = '1'\n",
        "ground.py": "from house import VERSION\n",
        "left/__init__.py": "",
        "left/low.py": "from house.ground import floor\n",
        "left/high.py": "def climb():\n    import house.left.low\n",
        "right/__init__.py": "",
        "right/room.py": "import os\n",
        "roof.py": "from house import left\nfrom house.left import high as top\n",
        "roof_test.py": "from house.right.room import window\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)
    return Tree(root, {"": ("ground", "left right", "roof"), "left": ("low", "high")})


def test_a_house_in_order_has_no_violations(house: Tree) -> None:
    assert (violations(house), unplaced(house), large_rooms(house)) == ([], [], [])


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("ground.py", "import house.roof\n", "house/ground.py: imports roof, but roof is not below ground"),
        (
            "right/room.py",
            "from house.left import low\n",
            "house/right/room.py: imports left/low, but left is not below right",
        ),
        (
            "left/low.py",
            "def late():\n    from house.left.high import climb\n",
            "house/left/low.py: imports left/high, but high is not below low",
        ),
        (
            "__init__.py",
            "from house.ground import floor\n",
            "house/__init__.py: imports ground, but ground is not below __init__",
        ),
    ],
)
def test_an_import_of_a_higher_room_is_found(house: Tree, path: str, source: str, expected: str) -> None:
    (house.root / path).write_text(source)
    assert violations(house) == [expected]


def test_rooms_and_layers_must_correspond(house: Tree) -> None:
    (house.root / "cellar.py").write_text("")
    (house.root / "right/room.py").unlink()
    (house.root / "right/__init__.py").unlink()
    (house.root / "left/inner").mkdir()
    (house.root / "left/inner/box.py").write_text("")
    assert unplaced(house) == [
        "/cellar: is in no layer",
        "/right: is in a layer, but does not exist",
        "left/inner: is in no layer",
    ]


def test_a_folder_of_folders_without_layers_is_found(house: Tree) -> None:
    (house.root / "right/inner").mkdir()
    (house.root / "right/inner/box.py").write_text("")
    assert unplaced(house) == ["right: has folders, but no layers"]


def test_a_large_room_is_found(house: Tree) -> None:
    for number in range(LARGEST_ROOM):
        (house.root / f"right/wall{number}.py").write_text("")
    assert large_rooms(house) == ["right: 16 modules"]


def test_a_ring_within_a_room_is_found(house: Tree) -> None:
    (house.root / "right/room.py").write_text("import house.right.hall\n")
    (house.root / "right/hall.py").write_text("import house.right.room\n")
    with pytest.raises(graphlib.CycleError, match="right/hall"):
        test_no_modules_import_each_other_in_a_ring(house)
