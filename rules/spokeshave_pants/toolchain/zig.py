"""Where the toolchain is in a sandbox, and the environment in which zig runs."""

from __future__ import annotations

TOOLCHAIN_DIR = "__toolchain"


ZIG = f"{TOOLCHAIN_DIR}/zig"


ZIG_CACHE_DIR = "zig-cache"


# The compiler keeps work files in its "cache"; each sandbox has its own, so that nothing is shared unseen.
ZIG_ENVIRONMENT = {
    "ZIG_LOCAL_CACHE_DIR": ZIG_CACHE_DIR,
    "ZIG_GLOBAL_CACHE_DIR": ZIG_CACHE_DIR,
    # Relative, so that no object ever names the sandbox, not even with debug information.
    "ZIG_LIB_DIR": f"{TOOLCHAIN_DIR}/lib",
    # The machine's folder for temporary files is out of sight.
    "TMPDIR": ".",
}
