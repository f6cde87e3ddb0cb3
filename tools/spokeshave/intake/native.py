"""The native files of a wheel from a project's own backend, as far as the repair does not check them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from spokeshave.linkage.limited_api_audit import audit_limited_api
from spokeshave.native.file import NativeFile, is_loaded_by
from spokeshave.wheel.modules import ExtensionModule, exported_init_functions, find_modules
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import PythonAbi

_IMPORT_LIBRARY = ".dll.a"
_WINDOWS_HINT = (
    " A project that looks for `.pyd` files only where `os.name` or `sys.platform` is that of Windows, as pymongo does,"
    " needs `target_platform_in_python=True`."
)
_PYTHON_SYMBOL = re.compile(r"_?Py[A-Z_]")


def import_libraries(files: Iterable[str]) -> tuple[str, ...]:
    """Return the import libraries of extension modules, which nothing can link to. meson-python installs them."""
    files = tuple(files)
    modules = {file.removesuffix(".pyd") for file in files if file.endswith(".pyd")}
    return tuple(
        file for file in files if file.endswith(_IMPORT_LIBRARY) and file.removesuffix(_IMPORT_LIBRARY) in modules
    )


def own_modules(tree: WheelTree, platform: Platform) -> list[ExtensionModule]:
    """Return the extension modules of a wheel that Python could import on its platform."""
    loaded = {file: native for file, native in tree.native_files.items() if is_loaded_by(native, platform)}
    return find_modules(tree.installed, loaded)


def native_problems(
    tree: WheelTree, modules: Iterable[ExtensionModule], platform: Platform, abi: PythonAbi
) -> Iterator[Problem]:
    """Yield the problems of extension modules that say that the build did not know what it built for."""
    if not tree.native_files and not tree.static_programs:
        yield Problem(
            str(tree.name),
            "has no native code, so the project compiled nothing, or left out what it compiled",
            "Some projects leave an extension out if its compile fails, or if a variable is not set. Look for the"
            " reason in the output of the build, which `./pants --keep-sandboxes=always package` keeps."
            + (_WINDOWS_HINT if platform.system is System.WINDOWS else ""),
        )
    for module in modules:
        native = tree.native_files[module.file]
        if not exported_init_functions(native):
            continue
        if not module.suffix_tag and not abi.serves_several and not _is_stable_on_windows(native, platform, abi):
            stem = module.file.rpartition("/")[2]
            yield Problem(
                module.file,
                f"has no suffix for {abi}, so the build did not find out what Python it is for",
                f"CMake has to look for `Python COMPONENTS Interpreter Development.Module` and to use `Python_SOABI` in"
                f" the name of {stem}; a `setup.py` has to use `sysconfig.get_config_var('EXT_SUFFIX')`.",
            )
        if not any(map(_PYTHON_SYMBOL.match, native.undefined)):
            where = "python3xx.dll" if platform.system is System.WINDOWS else "Python"
            yield Problem(
                module.file,
                f"takes no function from {where}, so it cannot define a module",
                "The link left out the Python library. Report this with the output of the build.",
            )


def _is_stable_on_windows(native: NativeFile, platform: Platform, abi: PythonAbi) -> bool:
    """Return whether a module uses the stable ABI only. Windows has no suffix for it: cffi's modules are such ones."""
    if platform.system is not System.WINDOWS:
        return False
    found = audit_limited_api(native.undefined, (3, abi.version.minor))
    return not found.outside and not found.later
