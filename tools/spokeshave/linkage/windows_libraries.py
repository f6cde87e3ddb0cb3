"""The DLLs of every Windows, and those of Python."""

from __future__ import annotations

import re

from spokeshave.native.pe.file import ImportedLibrary
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonAbi

# The documented DLLs of Windows 10, the oldest for CPython 3.13, except those of optional features.
_SYSTEM = frozenset(
    """
    activeds advapi32 authz avicap32 avifil32 avrt bcrypt bcryptprimitives bluetoothapis cabinet cfgmgr32 clusapi
    combase comctl32 comdlg32 coremessaging credui crypt32 cryptnet cryptui d2d1 d3d10 d3d10_1 d3d11 d3d12 d3d9
    d3dcompiler_47 davclnt dbgeng dbghelp dcomp ddraw dhcpcsvc dhcpcsvc6 dinput8 dnsapi dpapi dsound dwmapi dwrite
    dxcore dxgi dxva2 esent evr fltlib fwpuclnt gdi32 gdi32full gdiplus glu32 hid hlink httpapi icmp icu icuin icuuc
    imagehlp imm32 iphlpapi kernel32 kernelbase ksuser ktmw32 logoncli lz32 mapi32 mf mfplat mfreadwrite mi mmdevapi
    mpr mprapi msacm32 msasn1 mscms mscoree msctf msdmo msi msimg32 mspatcha msvcrt msvfw32 mswsock msxml6 ncrypt
    ndfapi netapi32 netutils newdev normaliz ntdll ntdsapi odbc32 odbccp32 ole32 oleacc oleaut32 oledlg opengl32 pdh
    powrprof propsys psapi quartz rasapi32 resutils rpcns4 rpcrt4 rstrtmgr rtworkq samcli schannel sechost secur32
    sensapi setupapi shcore shell32 shfolder shlwapi snmpapi srvcli sspicli tapi32 tbs tdh traffic ucrtbase
    uiautomationcore urlmon user32 userenv uxtheme version virtdisk vssapi wer wevtapi wiaservc win32u winbio
    windowscodecs winhttp wininet winmm winscard winspool.drv wintrust winusb wkscli wlanapi wldap32 ws2_32 wscapi
    wsdapi wsock32 wtsapi32 xinput1_4 xinput9_1_0 xmllite
    """.split()
)
# API sets, which Windows 10 maps to its DLLs.
_API_SET = re.compile(r"(api|ext)-ms-win-[\w-]+")
# The C runtime of CPython's compiler, in the directory of python.exe since 3.8.
_RUNTIME = frozenset({"vcruntime140", "vcruntime140_1"})
_PYTHON = re.compile(r"python\d+t?(_d)?\.dll", re.IGNORECASE)


def is_windows_library(name: str) -> bool:
    """Return whether a DLL is part of Windows or of a CPython on it."""
    stem = name.lower()
    stem = stem[: -len(".dll")] if stem.endswith(".dll") else stem
    return stem in _SYSTEM or stem in _RUNTIME or _API_SET.fullmatch(stem) is not None


def is_unused(importer: str | None, library: ImportedLibrary) -> bool:
    """Return whether a DLL uses another one only on a Windows that no wheel is for.

    Microsoft's C++ library calls its ConcRT, at the first use of a thread, in place of what Windows XP lacks.

    Args:
        importer: The name that the DLL was linked with, which a repair does not change.
    """
    names = ((importer or "").lower(), library.name.lower())
    return library.is_delayed and names == ("msvcp140.dll", "concrt140.dll")


def is_python_library(name: str) -> bool:
    """Return whether a DLL is an interpreter's: `python312.dll`."""
    return _PYTHON.fullmatch(name) is not None


def python_libraries(abi: PythonAbi | None) -> tuple[str, ...]:
    """Return the interpreter's DLLs that an extension of an ABI may import from, the usual one first."""
    if abi is None or abi.independent:
        return ()
    is_free_threaded = abi.version.free_threaded
    own = () if abi.stable else (f"python3{abi.version.minor}{'t' if is_free_threaded else ''}.dll",)
    abi3 = () if is_free_threaded else ("python3.dll",)
    # From 3.15 on, Pythons with a GIL load extensions that import from it as well.
    abi3t = ("python3t.dll",) if abi.version.minor >= OLDEST_ABI3T_MINOR else ()
    return (*own, *abi3, *abi3t)
