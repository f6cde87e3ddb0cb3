"""The platform tags that PyPI accepts (Warehouse's `forklift/legacy.py`)."""

from __future__ import annotations

import re

_FIXED = frozenset(
    (
        "any",
        "win32",
        "win_arm64",
        "win_amd64",
        "win_ia64",
        "manylinux1_x86_64",
        "manylinux1_i686",
        "manylinux2010_x86_64",
        "manylinux2010_i686",
        *(f"manylinux2014_{arch}" for arch in ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x")),
        "linux_armv6l",
        "linux_armv7l",
    )
)
_LINUX = r"x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_MACOS_ARCHES = r"ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2"
# The releases of macOS that the list of PyPI knows. A new one is added there some weeks after Apple's release.
_MACOS_MAJORS = r"11|12|13|14|15|26"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"macosx_10_\d+_({_MACOS_ARCHES})",
        rf"macosx_({_MACOS_MAJORS})_0_({_MACOS_ARCHES})",
        rf"manylinux_\d+_\d+_({_LINUX}|ppc64)",
        rf"musllinux_\d+_\d+_({_LINUX})",
        r"ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)",
        r"android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)",
        r"pyemscripten_\d+_\d+_wasm32",
    )
)


def is_accepted_platform(tag: str) -> bool:
    """Return whether PyPI accepts wheels with a single platform tag."""
    return tag in _FIXED or any(pattern.fullmatch(tag) for pattern in _PATTERNS)


def platform_remedy(tag: str) -> str:
    """Return what to do about a platform tag that PyPI does not accept."""
    if tag.startswith("linux_"):
        return "Repair the wheel for a manylinux or musllinux platform; a plain linux tag names no C library."
    if re.fullmatch(r"macosx_\d+_[1-9]\d*_\w+", tag):
        return "From macOS 11 on, the second number is 0, as in macosx_11_0_arm64. Build for such a deployment target."
    return "Build or repair the wheel for a platform that PyPI accepts, such as manylinux_2_17_x86_64."
