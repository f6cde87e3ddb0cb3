"""Where the toolchain is in a sandbox, and the environment in which zig runs."""

from __future__ import annotations

TOOLCHAIN_DIR = "__toolchain"


ZIG = f"{TOOLCHAIN_DIR}/zig"


ZIG_CACHE_DIR = "zig-cache"


# The compiler writes work files to its "cache". Each sandbox has its own, so that actions share no hidden state.
ZIG_ENVIRONMENT = {
    "ZIG_LOCAL_CACHE_DIR": ZIG_CACHE_DIR,
    "ZIG_GLOBAL_CACHE_DIR": ZIG_CACHE_DIR,
    # A relative path, so that no object contains the path of the sandbox, not even in debug information.
    "ZIG_LIB_DIR": f"{TOOLCHAIN_DIR}/lib",
    # The system's temporary directory is not visible in the sandbox.
    "TMPDIR": ".",
}
