"""The linkage of each format of native files: what a platform's files are, and what can be wrong with them."""

from __future__ import annotations

from functools import singledispatch

from spokeshave.linkage import elf, elf_symbols, macho, pe
from spokeshave.linkage.linkage import Fault, Finders, Linkage
from spokeshave.tags.platform import LinuxPlatform, MacPlatform, Platform, PythonAbi, WindowsPlatform
from spokeshave.wheel.tree import WheelTree

_ELF: Finders[elf.ElfLinkage] = {
    Fault.ARCHITECTURE: (elf.foreign_architectures,),
    Fault.SYMBOL_VERSION: (elf.too_new_symbols,),
    Fault.FORBIDDEN_SYMBOL: (elf.forbidden_symbols,),
    Fault.MISSING_LIBRARY: (elf.missing_libraries,),
    Fault.LIBRARY_CLASH: (elf_symbols.clashing_libraries,),
    Fault.UNDEFINED_SYMBOL: (elf_symbols.undefined_symbols,),
    Fault.PYTHON_LIBRARY: (elf.python_libraries,),
    Fault.SEARCH_PATH: (elf.search_paths,),
}
_MACHO: Finders[macho.MachOLinkage] = {
    Fault.ARCHITECTURE: (macho.missing_slices, macho.foreign_systems),
    Fault.MINIMUM_SYSTEM: (macho.too_new_systems,),
    Fault.MISSING_LIBRARY: (macho.missing_libraries,),
    Fault.UNDEFINED_SYMBOL: (macho.undefined_symbols,),
    Fault.INSTALL_NAME: (macho.build_install_names,),
    Fault.SEARCH_PATH: (macho.search_paths,),
    Fault.SIGNATURE: (macho.bad_signatures,),
}
_PE: Finders[pe.PeLinkage] = {
    Fault.ARCHITECTURE: (pe.foreign_architectures,),
    Fault.MINIMUM_SYSTEM: (pe.too_new_systems,),
    Fault.MISSING_LIBRARY: (pe.missing_libraries,),
    Fault.LIBRARY_CLASH: (pe.clashing_libraries,),
    Fault.UNDEFINED_SYMBOL: (pe.undefined_symbols,),
    Fault.PYTHON_LIBRARY: (pe.foreign_pythons,),
    Fault.TIME_STAMP: (pe.wall_clock_stamps,),
}


@singledispatch
def read_linkage(platform: Platform, tree: WheelTree, abi: PythonAbi) -> Linkage:
    """The linkage of those files of a wheel that have a platform's format; others are `foreign_formats`."""
    raise NotImplementedError(f"no format of native files is known for {platform.tag}, {tree.name} and {abi}")


@read_linkage.register
def _read_elf(platform: LinuxPlatform, tree: WheelTree, _: PythonAbi) -> Linkage:
    return Linkage.of(elf.ElfLinkage.read(tree, platform), _ELF)


@read_linkage.register
def _read_macho(platform: MacPlatform, tree: WheelTree, _: PythonAbi) -> Linkage:
    return Linkage.of(macho.MachOLinkage(tree, platform), _MACHO)


@read_linkage.register
def _read_pe(platform: WindowsPlatform, tree: WheelTree, abi: PythonAbi) -> Linkage:
    return Linkage.of(pe.PeLinkage(tree, platform, abi), _PE)
