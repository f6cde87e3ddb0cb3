"""CPython's headers from Debian's packages, for versions without an interpreter on the machine.

apt downloads and checks them in a root of its own (`spokeshave_core.apt`): nothing is installed, and the machine's
package lists are not touched.
"""

from __future__ import annotations

import shlex

from spokeshave_core.apt import (
    CONFIGURATION,
    FOLDERS,
    KEYRING,
    MIRROR,
    MIRROR_COMMAND,
    REACH,
    REACH_COMMAND,
    SOURCES,
    STATUS,
    apt_configuration,
    apt_sources,
)
from spokeshave_core.python_abi import PythonVersion

INCLUDE = "include"
# The headers are the same for every architecture.
_ARCHITECTURE = "amd64"
# A release that is past its date will do: that limit is against stale security updates, mirrors may be snapshots, and
# what comes is signed all the same.
_ANY_AGE = 'Acquire::Check-Valid-Until "false";\n'
_SCRIPT = """\
set -eu
fail() {{ echo "$1" >&2; exit 1; }}
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || fail "This machine has no apt."
mirror=$({mirror_command} | sed -nE {mirror} | head -n 1)
[ -n "$mirror" ] || fail "No source of this machine's apt names a Debian mirror (an address that ends in /debian)."
[ -r {keyring} ] || fail "Debian's keys are not in {keyring} (package debian-archive-keyring)."
root=$PWD/__apt
mkdir -p {folders}
: > "$root/{status}"
reach=$({reach_command} | grep -E {reach} || true)
cat > "$root/{configuration_file}" << END
{configuration}END
cat > "$root/{sources_file}" << END
{sources}END
export APT_CONFIG=$root/{configuration_file}
mkdir "$root/package" {include}
cd "$root/package"
apt-get update -qq >&2
apt-get download -qq {package} >&2
dpkg-deb --fsys-tarfile ./*.deb > ../files.tar
tar -xf ../files.tar -C .. ./usr/include/{folder}
cp -RL ../usr/include/{folder}/. ../../{include}
dpkg-deb -f ./*.deb Version
"""


def package_name(version: PythonVersion) -> str:
    """Return Debian's package of a version's headers. The free-threaded build uses the same package."""
    return f"libpython3.{version.minor}-dev"


def download_script(version: PythonVersion, suite: str) -> str:
    """Return a shell script that writes the headers to `include` and prints the package's version."""
    return _SCRIPT.format(
        mirror_command=shlex.join(MIRROR_COMMAND),
        mirror=shlex.quote(rf"s#{MIRROR}#\1#p"),
        keyring=KEYRING,
        folders=" ".join(f'"$root/{folder}"' for folder in FOLDERS),
        status=STATUS,
        reach_command=shlex.join(REACH_COMMAND),
        reach=shlex.quote(REACH),
        configuration_file=CONFIGURATION,
        configuration=apt_configuration("$root", _ARCHITECTURE, "$reach\n") + _ANY_AGE,
        sources_file=SOURCES,
        sources=apt_sources("$mirror", suite, _ARCHITECTURE, "deb"),
        include=INCLUDE,
        package=package_name(version),
        folder=f"python3.{version.minor}",
    )
