"""Checks of extension modules: Python must find the file, and the init function in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from spokeshave.linkage.library_calls import LibraryCalls
from spokeshave.native.file import NativeFile
from spokeshave.verify.findings import Subject, finding
from spokeshave.wheel.modules import (
    CPythonSuffix,
    ExtensionModule,
    StableSuffix,
    exported_init_functions,
    find_modules,
    module_name,
)
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonAbi
from spokeshave_core.reports.verify import Finding

_PYTHON_SYMBOL = re.compile(r"_?Py[A-Z_]")
_FIRST_ABI3T = (3, OLDEST_ABI3T_MINOR)
# They take a static PyModuleDef. In abi3t its size is unknown, so a module cannot have a valid one (PEP 803).
_TAKE_DEFINITION = frozenset({"PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"})
_GNU_ARCHITECTURES = {"i686": "i386", "armv7l": "arm", "ppc64le": "powerpc64le"}


def check_modules(subject: Subject) -> Iterator[Finding]:
    """Check every extension module of the wheel, and that all expected ones exist."""
    modules = find_modules(subject.tree.installed, subject.tree.native_files)
    if subject.expected.abi.independent:
        yield from _python_users(subject, modules)
        return
    gil_only = _for_gil_only(modules, subject.expected.abi)
    for module in modules:
        yield from _init_function(subject, module, is_for_gil_only=module in gil_only)
        if module not in gil_only:
            yield from _suffix(subject, module)
    names = {module.name for module in modules}
    for name in subject.expected.extensions:
        if module_name(name) not in names:
            have = ", ".join(sorted(names)) or "none"
            message = f"has no extension module {name}; it has {have}"
            remedy = f'Depend on the target with module="{name}", or correct that name.'
            yield finding(Rule.MODULE_MISSING, str(subject.tree.name), message, remedy)


def _python_users(subject: Subject, modules: Iterable[ExtensionModule]) -> Iterator[Finding]:
    """Yield findings for files that use Python's ABI in a wheel whose tag promises that none does."""
    extensions = {module.file for module in modules}
    for file, native in subject.tree.native_files.items():
        python = sorted(symbol for symbol in native.undefined if _PYTHON_SYMBOL.match(symbol))
        if file in extensions or python:
            what = "is an extension module" if file in extensions else f"uses {python[0]}"
            message = f"{what}, but the tag {subject.expected.abi} declares that the wheel works on all Pythons"
            remedy = (
                "Build it with a `python_extension`, so that the wheel is tagged for the Pythons that it is built for."
            )
            yield finding(Rule.TAG, file, message, remedy)


def _for_gil_only(modules: Sequence[ExtensionModule], abi: PythonAbi) -> list[ExtensionModule]:
    """Return the modules that only Pythons with a GIL import: `.abi3.so` next to the `.abi3t.so` of all Pythons."""
    if not abi.is_abi3t or abi.abi3t_only:
        return []
    stable = [(module, StableSuffix.parse(module.suffix_tag)) for module in modules]
    for_all = {module.name for module, suffix in stable if suffix and suffix.is_abi3t}
    return [module for module, suffix in stable if suffix and not suffix.is_abi3t and module.name in for_all]


def _init_function(subject: Subject, module: ExtensionModule, *, is_for_gil_only: bool) -> Iterator[Finding]:
    native = subject.tree.native_files[module.file]
    abi = subject.expected.abi
    names = module.init_names(abi.python_version or _FIRST_ABI3T)
    if native.exports.intersection(names):
        if abi.is_abi3t and not is_for_gil_only:
            yield from _module_definition(module, native, abi)
        return
    if _is_opened_by_name(subject, native):
        return
    wanted = " or ".join(names)
    exported = exported_init_functions(native)
    others = ", ".join(exported)
    if set(module.init_names(_FIRST_ABI3T)).intersection(exported):
        message = f"exports {others}, which Python loads from 3.15 on, but the wheel is for {abi}"
        remedy = f"Define {wanted} as well, which all Pythons load, or build the wheel for Python 3.15 and later."
    elif others:
        message = f"is imported as {module.name} and must export {wanted}, but exports {others}"
        remedy = (
            f"Give the module the same name in C++ (NB_MODULE, PYBIND11_MODULE, PyInit_, PyModExport_) and in module=: "
            f"{module.name}."
        )
    else:
        message = f"does not export {wanted}, without which Python cannot import {module.name}"
        remedy = (
            f"Define {wanted} in the sources, with default visibility (PyMODINIT_FUNC, PyMODEXPORT_FUNC), and link the "
            f"object that defines it."
        )
    yield finding(Rule.MODULE_INIT, module.file, message, remedy)


def _module_definition(module: ExtensionModule, native: NativeFile, abi: PythonAbi) -> Iterator[Finding]:
    used = sorted(native.undefined & _TAKE_DEFINITION)
    if used and module.export_hook not in native.exports:
        message = (
            f"defines its module by a PyModuleDef ({', '.join(used)}), which abi3t does not have, but the wheel is for "
            f"{abi}: free-threaded Python cannot import it"
        )
        remedy = (
            f"Define {module.export_hook} (PEP 793) and compile with Py_TARGET_ABI3T, or build a wheel for each "
            f"free-threaded Python."
        )
        yield finding(Rule.MODULE_INIT, module.file, message, remedy)


def _is_opened_by_name(subject: Subject, native: NativeFile) -> bool:
    """Return whether a library without Python has a module's suffix, and ctypes or cffi opens it.

    setuptools gives that suffix to every library.
    """
    uses_python = any(symbol.startswith(("Py", "_Py")) for symbol in native.undefined | native.exports)
    return not uses_python and LibraryCalls(subject.tree).exist


def _suffix(subject: Subject, module: ExtensionModule) -> Iterator[Finding]:
    abi = subject.expected.abi
    platform = subject.expected.platform
    fault = _suffix_fault(module, abi, platform)
    if fault:
        stem = module.file.rpartition("/")[2].partition(".")[0]
        remedy = (
            f"Name the file {stem}{fitting_suffix(abi, platform)}, or tag the wheel for the Python and platform that "
            f"it was built for."
        )
        yield finding(Rule.MODULE_SUFFIX, module.file, f"{fault}, so {abi} never imports it", remedy)


def _suffix_fault(module: ExtensionModule, abi: PythonAbi, platform: Platform) -> str | None:
    tag = module.suffix_tag
    ending = _ending(platform)
    if module.ending != ending:
        return f"ends in {module.ending}, where {platform.system.value} has {ending}"
    if not tag or abi.python_version is None:
        return None
    stable = StableSuffix.parse(tag)
    if stable and ending == ".so":
        return _stable_suffix_fault(stable, abi, platform)
    suffix = CPythonSuffix.parse(tag)
    if suffix is None:
        return f"is for {tag}"
    if abi.stable:
        return f"is for {tag} only"
    version = "{}{}".format(*abi.python_version)
    if suffix.version != version or suffix.is_free_threaded != abi.version.free_threaded:
        return f"is for {tag}"
    return None if suffix.triple in ("", _triple(abi, platform)) else f"is for {suffix.triple}"


def _stable_suffix_fault(suffix: StableSuffix, abi: PythonAbi, platform: Platform) -> str | None:
    """Return why some Python of the ABI does not import a module for a stable ABI.

    Free-threaded Pythons import `.abi3.so` up to 3.14, and `.abi3t.so` from 3.15 on. Pythons with a GIL always import
    `.abi3.so`, and from 3.15 on `.abi3t.so` too.
    """
    is_old = (abi.python_version or _FIRST_ABI3T) < _FIRST_ABI3T
    if not suffix.is_abi3t and abi.version.free_threaded and not is_old:
        return "is for abi3, which free-threaded Python does not have"
    if suffix.is_abi3t and is_old:
        return "is for abi3t, which Python has from 3.15 on"
    if suffix.triple and is_old:
        return f"is for {suffix.triple}, which Python reads after a stable ABI from 3.15 on"
    return None if suffix.triple in ("", _triple(abi, platform)) else f"is for {suffix.triple}"


def fitting_suffix(abi: PythonAbi, platform: Platform) -> str:
    """Return CPython's suffix for modules of an ABI on a platform: `.cpython-310-x86_64-linux-gnu.so`."""
    ending = _ending(platform)
    triple = _triple(abi, platform)
    if platform.system is System.WINDOWS:
        return ending if abi.stable else f".{abi.abi_tag}-{triple}{ending}"
    if abi.stable:
        return f".abi3t{ending}" if abi.is_abi3t else f".abi3{ending}"
    return f".{abi.abi_tag.replace('cp', 'cpython-')}-{triple}{ending}"


def _ending(platform: Platform) -> str:
    return ".pyd" if platform.system is System.WINDOWS else ".so"


def _triple(abi: PythonAbi, platform: Platform) -> str:
    """Return CPython's name of the platform in its suffixes."""
    if platform.system is System.WINDOWS:
        return platform.tag
    if platform.system is System.MACOS:
        return "darwin"
    (architecture,) = platform.architectures
    # Up to 3.10, CPython on musl had the name gnu.
    is_musl = platform.system is System.MUSL and (abi.python_version or (3, 99)) >= (3, 11)
    float_abi = "eabihf" if architecture == "armv7l" else ""
    return f"{_GNU_ARCHITECTURES.get(architecture, architecture)}-linux-{'musl' if is_musl else 'gnu'}{float_abi}"
