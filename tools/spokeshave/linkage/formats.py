"""The linkage of each format of native files: what a platform's files are, and what can be wrong with them."""

from __future__ import annotations

from spokeshave.linkage import elf, elf_symbols, macho, pe
from spokeshave.linkage.linkage import Fault, Finders, Linkage
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.python_abi import PythonAbi

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
    Fault.SYMBOL_VERSION: (macho.too_new_functions,),
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


def read_linkage(platform: Platform, tree: WheelTree, abi: PythonAbi | None) -> Linkage:
    """Return the linkage of those files of a wheel that have a platform's format; others are `foreign_formats`."""
    if platform.object_format is ObjectFormat.ELF:
        return Linkage.of(elf.ElfLinkage.read(tree, platform), _ELF)
    if platform.object_format is ObjectFormat.MACHO:
        return Linkage.of(macho.MachOLinkage(tree, platform), _MACHO)
    return Linkage.of(pe.PeLinkage(tree, platform, abi), _PE)
