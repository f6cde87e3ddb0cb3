"""The name of the machine that tests ran on."""

from __future__ import annotations

import platform


def machine_title() -> str:
    """Return `Linux x86_64, glibc 2.36`, `macOS 14.5 arm64` or `Windows 10 AMD64`."""
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]} {platform.machine()}"
    if platform.system() == "Windows":
        return f"Windows {platform.release()} {platform.machine()}"
    libc = " ".join(filter(None, platform.libc_ver()))
    return ", ".join(filter(None, (f"{platform.system()} {platform.machine()}", libc)))
