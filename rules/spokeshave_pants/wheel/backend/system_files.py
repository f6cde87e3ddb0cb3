"""Files by which a build that asks the system learns about the target: `uname`, and the defaults of `configure`.

Some projects run the `configure` script of a C library that they contain, without arguments. autoconf reads the file
that CONFIG_SITE names in each of these scripts.
"""

from __future__ import annotations

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.foreign.tools import machine_name
from spokeshave_pants.cc.project.script import BUILD_PROCESSOR
from spokeshave_pants.cc.project.system_tools import uname_shim
from spokeshave_pants.wheel.backend.request import CONFIG_SITE, SYSTEM_DIR

_SITE = """\
# Nothing of the target runs during a build, so `configure` may not try to.
test -n "$host_alias" || host_alias={host}
test -n "$build_alias" || build_alias={build}-spokeshave-linux-gnu
cross_compiling=yes
"""


def system_files(platform: Platform, native: Platform | None) -> dict[str, bytes]:
    """Return the files by their paths, for a platform with a single processor. Programs are among them.

    Args:
        native: The platform of the machine that builds, if the build compiles for it.
    """
    site = _SITE.format(host=machine_name(platform), build=native.processor if native else BUILD_PROCESSOR)
    return {CONFIG_SITE: site.encode(), f"{SYSTEM_DIR}/uname": uname_shim(platform)}
