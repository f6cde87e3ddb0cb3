"""Checks of extension modules: that Python finds the file, and in it the function that makes the module."""

from __future__ import annotations

from collections.abc import Iterator

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc

from spokeshave.extension_module import CPythonSuffix, ExtensionModule, exported_modules, find_modules
from spokeshave.findings import Finding, Rule, Subject, finding
from spokeshave.platforms import Platform, PythonAbi

_GNU_ARCHITECTURES = {Architecture.i686: "i386", Architecture.armv7l: "arm", Architecture.ppc64le: "powerpc64le"}


def check_modules(subject: Subject) -> Iterator[Finding]:
    """Every extension module of the wheel, and those that were expected and are not there."""
    modules = find_modules(subject.tree.installed, subject.tree.elf_files)
    for module in modules:
        yield from _init_function(subject, module)
        yield from _suffix(subject, module)
    names = {module.name for module in modules}
    for name in subject.expected.extensions:
        if name not in names:
            have = ", ".join(sorted(names)) or "none"
            message = f"has no extension module {name}; it has {have}"
            remedy = f'Depend on the target with module="{name}", or correct that name.'
            yield finding(Rule.MODULE_MISSING, str(subject.tree.name), message, remedy)


def _init_function(subject: Subject, module: ExtensionModule) -> Iterator[Finding]:
    elf = subject.tree.elf_files[module.file]
    if elf.exports.intersection(module.init_names):
        return
    wanted = module.init_names[0]
    others = ", ".join(f"PyInit_{name}" for name in exported_modules(elf))
    if others:
        message = f"is imported as {module.name} and must export {wanted}, but exports {others}"
        remedy = (
            f"Give the module the same name in C++ (NB_MODULE, PYBIND11_MODULE, PyInit_) and in module=: {module.name}."
        )
    else:
        message = f"does not export {wanted}, without which Python cannot import {module.name}"
        remedy = (
            f"Define {wanted} in the sources, with default visibility (PyMODINIT_FUNC), and link the file that has it."
        )
    yield finding(Rule.MODULE_INIT, module.file, message, remedy)


def _suffix(subject: Subject, module: ExtensionModule) -> Iterator[Finding]:
    abi, platform = subject.expected.abi, subject.expected.platform
    fault = _suffix_fault(module.suffix_tag, abi, platform)
    if fault:
        stem = module.file.rpartition("/")[2].partition(".")[0]
        remedy = f"Name the file {stem}.{fitting_suffix(abi, platform)}, or tag the wheel for what was built."
        yield finding(Rule.MODULE_SUFFIX, module.file, f"{fault}, so {abi} never imports it", remedy)


def _suffix_fault(suffix_tag: str, abi: PythonAbi, platform: Platform) -> str | None:
    if not suffix_tag or abi.python_version is None:
        return None
    if suffix_tag == "abi3":
        return "is for the limited API, which free-threaded Python does not have" if abi.is_free_threaded else None
    suffix = CPythonSuffix.parse(suffix_tag)
    if suffix is None:
        return f"is for {suffix_tag}"
    if abi.is_limited:
        return f"is for {suffix_tag} alone"
    version = "{}{}".format(*abi.python_version)
    if suffix.version != version or suffix.is_free_threaded != abi.is_free_threaded:
        return f"is for {suffix_tag}"
    return None if suffix.triple in ("", *_triples(abi, platform)) else f"is for {suffix.triple}"


def fitting_suffix(abi: PythonAbi, platform: Platform) -> str:
    """The file suffix by which CPython finds a module of an ABI on a platform: ``cpython-310-x86_64-linux-gnu.so``."""
    if abi.is_limited:
        return "abi3.so"
    return f"{abi.abi.replace('cp', 'cpython-')}-{_triples(abi, platform)[0]}.so"


def _triples(abi: PythonAbi, platform: Platform) -> tuple[str, ...]:
    architecture = _GNU_ARCHITECTURES.get(platform.architecture, platform.architecture.value)
    float_abi = "eabihf" if platform.architecture is Architecture.armv7l else ""
    gnu = f"{architecture}-linux-gnu{float_abi}"
    if platform.libc is Libc.GLIBC:
        return (gnu,)
    # Until 3.10 CPython on musl called itself gnu.
    musl = f"{architecture}-linux-musl{float_abi}"
    return (gnu,) if (abi.python_version or (3, 99)) < (3, 11) else (musl,)
