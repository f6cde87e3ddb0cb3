"""How the file names of extensions end (`EXT_SUFFIX`, PEP 3149, PEP 803); the verification decides it on its own."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonAbi


def extension_suffix(abi: PythonAbi, platform: Platform) -> str:
    """What follows the module's last name in its file name (`EXT_SUFFIX`)."""
    if platform.system is System.WINDOWS:
        return ".pyd" if abi.stable else f".{abi.abi_tag}-{platform.tag}.pyd"
    if abi.stable:
        return ".abi3t.so" if abi.is_abi3t else ".abi3.so"
    where = "darwin" if platform.system is System.MACOS else _multiarch(abi, platform)
    return f".{abi.abi_tag.replace('cp', 'cpython-')}-{where}.so"


def _multiarch(abi: PythonAbi, platform: Platform) -> str:
    # Up to 3.10, CPython on musl had the name gnu.
    is_old_musl = platform.system is System.MUSL and abi.version.minor < 11
    return platform.multiarch.replace("musl", "gnu") if is_old_musl else platform.multiarch
