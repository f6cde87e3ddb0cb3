"""The DLLs of every Windows, and those of Python."""

from __future__ import annotations

import re

from spokeshave.native.pe.file import ImportedLibrary
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonAbi

# The documented DLLs of Windows 10, the oldest for CPython 3.13, except those of optional features.
_SYSTEM = frozenset(
    """
    aclui activeds advapi32 advpack asycfilt atl audioses authz avicap32 avifil32 avrt bcrypt bcryptprimitives
    bluetoothapis browcli bthprops.cpl cabinet certcli certenroll cfgmgr32 clfsw32 clusapi combase comctl32 comdlg32
    compstui coremessaging credui crypt32 cryptbase cryptnet cryptsp cryptui cryptxml cscapi d2d1 d3d10 d3d10_1 d3d11
    d3d12 d3d9 d3dcompiler_47 davclnt dbgcore dbgeng dbghelp dbgmodel dciman32 dcomp ddraw dfscli dhcpcsvc dhcpcsvc6
    dhcpsapi dinput dinput8 dnsapi dpapi drt drtprov drttransport dskquota dsound dsprop dsquery dsrole dsuiext dwmapi
    dwrite dxcore dxgi dxva2 eappcfg eappprxy elscore esent evr faultrep feclient fhsvcctl fltlib fontsub framedyn
    fwpuclnt gdi32 gdi32full gdiplus glu32 hbaapi hid hlink httpapi icmp icu icuin icuuc imagehlp imgutil imm32
    iphlpapi iscsidsc kernel.appcore kernel32 kernelbase ksuser ktmw32 loadperf logoncli lz32 magnification mapi32
    mdmregistration mf mfc42 mfc42u mfcore mfplat mfplay mfreadwrite mfsensorgroup mgmtapi mi mlang mmdevapi mpr mprapi
    mrmcorer msacm32 msasn1 mscms mscoree msctf msdelta msdmo msdrm msftedit msi msimg32 mspatcha msrating mstask
    msvcirt msvcp60 msvcp_win msvcrt msvfw32 mswsock msxml6 mtxdm ncrypt ndfapi netapi32 netbios netutils newdev ninput
    nlaapi nlsdl normaliz ntdll ntdsapi ntlanman ntmarta odbc32 odbccp32 offreg ole32 oleacc oleaut32 oledlg olepro32
    ondemandconnroutehelper opengl32 p2p p2pgraph pdh powrprof prntvpt profapi propsys psapi quartz qwave rasapi32
    rasdlg rasman resutils riched20 rpcns4 rpcrt4 rstrtmgr rtm rtutils rtworkq samcli samlib sas scarddlg schannel
    schedcli sechost secur32 security sensapi setupapi sfc shcore shdocvw shell32 shfolder shlwapi slc slcext slwga
    snmpapi srclient srvcli sspicli sti sxs t2embed tapi32 tbs tdh traffic twinapi.appcore ucrtbase uiautomationcore
    url urlmon user32 userenv usp10 uxtheme vaultcli version virtdisk vssapi wcmapi webauthn webservices websocket
    wecapi wer wevtapi wiaservc wimgapi win32u winbio windowscodecs windowscodecsext winhttp wininet winmde winmm
    winscard winspool.drv wintrust wintypes winusb wkscli wlanapi wlanui wldap32 wldp wofutil ws2_32 ws2help wscapi
    wsdapi wsmsvc wsnmp32 wsock32 wtsapi32 xaudio2_8 xaudio2_9 xinput1_4 xinput9_1_0 xinputuap xmllite xolehlp xpsprint
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
