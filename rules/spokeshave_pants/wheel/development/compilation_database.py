"""Entries of `compile_commands.json`, made of the command lines of compiles. Works without the engine.

The command lines name files of a sandbox. In the checkout, sources and headers of the repository are at the same paths,
and everything else is laid out in a folder.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from spokeshave_core.json_values import to_text
from spokeshave_pants.cc.compile.windows_headers import CASE_DIR
from spokeshave_pants.cc.languages import is_cxx
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR

Tree = TypeVar("Tree")

# Options that name a directory, whose value is a part of the same argument or the next one.
_FOLDER_OPTIONS = ("-isystem", "-iquote", "-idirafter", "-I")
_FILE_OPTIONS = ("-include", "-imacros")
# Options without a meaning for a reader of the database, by the number of their values.
_DROPPED = {"-MD": 0, "-MF": 1, "-o": 1, "-fno-spell-checking": 0}
# clang's own headers belong to the version of clang that reads them, which finds them by itself. They come between
# those of the C++ and the C library.
_OWN_HEADERS = f"{TOOLCHAIN_DIR}/lib/include"
_SYSTEM_HEADERS = (f"{TOOLCHAIN_DIR}/lib/libc/", f"{TOOLCHAIN_DIR}/lib/libunwind/")


@dataclass(frozen=True)
class LaidOut:
    """Where the inputs of one compile are in the checkout.

    Attributes:
        folders: The paths of laid-out directories by their paths in the sandbox.
        generated: The directory of files that are generated, below which they have their paths of the sandbox.
        files: The generated files among the inputs.
        own_folders: The directories of the other inputs, which are files of the checkout.
    """

    folders: Mapping[str, str]
    generated: str
    files: frozenset[str] = frozenset()
    own_folders: tuple[str, ...] = ()

    def moved(self, path: str) -> str:
        """Return a path of the sandbox as one of the checkout."""
        if path in self.files:
            return f"{self.generated}/{path}"
        for folder, place in self.folders.items():
            if path == folder or path.startswith(f"{folder}/"):
                return place + path[len(folder) :]
        return path

    def places(self, folder: str) -> tuple[str, ...]:
        """Return the directories of the checkout that together are one of the sandbox."""
        moved = self.moved(folder)
        if moved != folder:
            return (moved,)
        inside = "" if posixpath.normpath(folder) == "." else f"{posixpath.normpath(folder)}/"
        if not any(file.startswith(inside) for file in self.files):
            return (folder,)
        generated = posixpath.normpath(f"{self.generated}/{folder}")
        return (generated,) if folder == CASE_DIR else (folder, generated)

    def quoted_folders(self) -> tuple[str, ...]:
        """Return directories for includes in quotes of generated files, and by them.

        Such an include is relative to the file that contains it, which is in another directory here.
        """
        if not self.files:
            return ()
        by_generated = sorted({posixpath.dirname(file) or "." for file in self.files} - {CASE_DIR})
        return (
            *(posixpath.normpath(f"{self.generated}/{folder}") for folder in self.own_folders),
            *by_generated,
        )


def clang_arguments(argv: Sequence[str], laid_out: LaidOut) -> tuple[str, ...]:
    """Return the command line of plain clang that reads the same files as a compile.

    Args:
        argv: The compile: zig, `clang`, and the arguments, which end with `-c SOURCE -o OBJECT`.
    """
    source = argv[argv.index("-c") + 1]
    return (
        "clang++" if is_cxx(source) else "clang",
        *(argument for d in laid_out.quoted_folders() for argument in ("-iquote", d)),
        *_moved_arguments(argv[2:], laid_out),
    )


def _moved_arguments(arguments: Sequence[str], laid_out: LaidOut) -> Iterator[str]:
    rest = iter(arguments)
    for argument in rest:
        if argument in _DROPPED:
            for _ in range(_DROPPED[argument]):
                next(rest)
        elif argument == "-nostdinc":
            yield "-nostdlibinc"
        elif argument in _FILE_OPTIONS:
            yield argument
            yield laid_out.moved(next(rest))
        elif argument in _FOLDER_OPTIONS:
            yield from _moved_folder(argument, next(rest), laid_out)
        else:
            option = next((known for known in _FOLDER_OPTIONS if argument.startswith(known)), None)
            if option is None:
                yield laid_out.moved(argument) if argument in laid_out.files else argument
            else:
                yield from (option + place for place in laid_out.places(argument[len(option) :]))


def _moved_folder(option: str, folder: str, laid_out: LaidOut) -> Iterator[str]:
    if folder == _OWN_HEADERS:
        return
    option = "-idirafter" if folder.startswith(_SYSTEM_HEADERS) else option
    for place in laid_out.places(folder):
        yield option
        yield place


@dataclass
class LaidOutFiles(Generic[Tree]):
    """Files of several compiles in one folder. Other content at the same path gets a folder of its own.

    `Tree` is the content of a directory.
    """

    root: str
    _layers: list[dict[str, bytes]] = field(default_factory=list)
    _trees: dict[tuple[str, Tree], str] = field(default_factory=dict)

    def add_tree(self, name: str, tree: Tree) -> str:
        """Return the path of a directory with a content."""
        if (name, tree) not in self._trees:
            number = sum(known == name for known, _ in self._trees)
            self._trees[name, tree] = f"{self.root}/{_numbered(name, number)}"
        return self._trees[name, tree]

    def trees(self) -> tuple[tuple[str, Tree, str], ...]:
        """Return the directories: name, content and path in the checkout."""
        return tuple((name, tree, place) for (name, tree), place in self._trees.items())

    def add_generated(self, files: Mapping[str, bytes]) -> str:
        """Return the path of the directory that contains these generated files, by their paths in the sandbox."""
        for number, layer in enumerate(self._layers):
            if all(layer.get(path, content) == content for path, content in files.items()):
                layer.update(files)
                return f"{self.root}/{_numbered('generated', number)}"
        self._layers.append(dict(files))
        return f"{self.root}/{_numbered('generated', len(self._layers) - 1)}"

    def generated(self) -> Iterator[tuple[str, bytes]]:
        """Yield all generated files with their paths in the checkout."""
        for number, layer in enumerate(self._layers):
            for path, content in layer.items():
                yield f"{self.root}/{_numbered('generated', number)}/{path}", content


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number + 1}" if number else name


def to_json(directory: str, commands: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return the database.

    Args:
        directory: The absolute path of the build root, to which all others are relative.
        commands: The source and the command line of each compile.
    """
    entries = [
        {"directory": directory, "file": source, "arguments": list(arguments)} for source, arguments in sorted(commands)
    ]
    return to_text(entries)
