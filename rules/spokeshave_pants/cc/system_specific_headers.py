"""Headers that only some systems have, as patterns of their names in an `#include`. Works without the engine.

Names that projects give to headers of their own, such as `error.h`, are not among them.
"""

from __future__ import annotations

import re

# musl and Windows lack them. macOS has some.
GLIBC = r"(?:argp|execinfo|fts|obstack)\.h|sys/(?:cdefs|queue)\.h"
LINUX = (
    r"(?:linux|asm|asm-generic)/[^']+|(?:endian|malloc)\.h|netinet/ether\.h|"
    r"sys/(?:auxv|epoll|eventfd|fanotify|inotify|personality|prctl|sendfile|signalfd|sysinfo|sysmacros|timerfd)\.h|"
    r"(?:byteswap|elf)\.h"
)
MACOS = (
    r"(?:CommonCrypto|libkern|mach-o)/[^']+|dispatch/dispatch\.h|mach/mach\w*\.h|malloc/malloc\.h|os/(?:lock|log|signpost)\.h|"
    r"(?:Availability|AvailabilityMacros|TargetConditionals|crt_externs|libproc)\.h|sys/(?:event|kern_control|sysctl)\.h"
)
# Those of macOS and of each C library of Linux.
POSIX = (
    r"arpa/inet\.h|net/if\.h|netinet/(?:in|tcp)\.h|sys/(?:ioctl|mman|resource|select|socket|syscall|uio|un|utsname|wait)\.h|"
    r"(?:dlfcn|fnmatch|glob|grp|ifaddrs|langinfo|netdb|poll|pwd|spawn|syslog|termios)\.h"
)
# In lower case. Windows does not distinguish it.
WINDOWS = (
    r"(?:bcrypt|conio|direct|intrin|io|process|psapi|shlobj|shlwapi|tchar|tlhelp32|winbase|windows|winerror|winsock|winsock2|"
    r"winsvc|ws2tcpip)\.h"
)
FRAMEWORKS = (
    r"(?:Accelerate|AppKit|ApplicationServices|AudioToolbox|AudioUnit|AVFoundation|Carbon|Cocoa|CoreAudio|CoreFoundation|"
    r"CoreGraphics|CoreMIDI|CoreServices|CoreText|CoreVideo|DiskArbitration|Foundation|ImageIO|IOKit|Metal|OpenCL|"
    r"OpenGL|QuartzCore|Security|SystemConfiguration)/[^']+"
)
ANY = f"{GLIBC}|{LINUX}|{MACOS}|{POSIX}|(?i:{WINDOWS})"
POSIX_SYSTEMS = "POSIX systems"
WINDOWS_SYSTEM = "Windows"
_OWNERS = tuple(
    (re.compile(pattern), owner)
    for pattern, owner in (
        (GLIBC, "glibc"),
        (LINUX, "Linux"),
        (MACOS, "macOS"),
        (POSIX, POSIX_SYSTEMS),
        (f"(?i:{WINDOWS})", WINDOWS_SYSTEM),
    )
)


def owner_of(header: str) -> str | None:
    """Return the system that has a header, for messages. None if it is not known as one of a system."""
    return next((owner for pattern, owner in _OWNERS if pattern.fullmatch(header)), None)
