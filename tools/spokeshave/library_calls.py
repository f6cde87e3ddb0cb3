"""Calls in a wheel's Python files by which libraries are loaded before, or for, an extension."""

from __future__ import annotations

from spokeshave.wheel_tree import WheelTree

_ADDING_FOLDERS = (b"add_dll_directory",)
_LOADING = (*_ADDING_FOLDERS, b"WinDLL", b"CDLL", b"LoadLibrary", b"dlopen")
_LOADING_GLOBALLY = (b"RTLD_GLOBAL", b"setdlopenflags")


def loads_libraries(tree: WheelTree) -> bool:
    """Whether a module loads libraries itself, or says where they are: then a search path need not lead to them."""
    return _calls(tree, _LOADING + _LOADING_GLOBALLY)


def adds_folders(tree: WheelTree) -> bool:
    """Whether a module tells Windows of a folder with DLLs."""
    return _calls(tree, _ADDING_FOLDERS)


def loads_globally(tree: WheelTree) -> bool:
    """Whether a module may load libraries so that all later ones see their symbols."""
    return _calls(tree, _LOADING_GLOBALLY)


def _calls(tree: WheelTree, names: tuple[bytes, ...]) -> bool:
    sources = (tree.read(file) for file in tree.files if file.endswith((".py", ".pth")))
    return any(name in source for source in sources for name in names)
