"""CPython's headers from Debian's packages, for versions without an interpreter on the machine.

apt downloads and checks them (the release's signature, then each file's hash) in a directory of its own. Nothing is
installed, and the machine's package lists are not changed. The mirror is the one in the machine's own sources.
"""

from __future__ import annotations

from spokeshave_core.python_abi import PythonVersion

INCLUDE = "include"
# Options of apt, in addition to the machine's own `Acquire` settings (proxies, certificates), which come first.
_CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$root/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$root/state";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""
# The headers are the same for every architecture. An expired release is accepted (`Check-Valid-Until`): the check
# protects against outdated security updates, but mirrors may be snapshots, and all downloads are signed in any case.
_SCRIPT = """\
set -eu
fail() {{ echo "$1" >&2; exit 1; }}
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || fail "This machine has no apt."
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null |
    grep -E '^(URIs:|deb )' | grep -oE '[a-z+]+://[^ ]*/debian/?( |$)' | head -n 1)
[ -n "$mirror" ] || fail "No source of this machine's apt names a Debian mirror (an address that ends in /debian)."
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || fail "Debian's keys are not in $keyring (package debian-archive-keyring)."
root=$PWD/__apt
mkdir -p "$root/sources" "$root/state/lists/partial" "$root/cache/archives/partial"
: > "$root/status"
apt-config dump | grep '^Acquire::' > "$root/apt.conf" || true
cat >> "$root/apt.conf" << END
{configuration}END
cat > "$root/sources/debian.sources" << END
Types: deb
URIs: $mirror
Suites: {suite}
Components: main
Signed-By: $keyring
END
export APT_CONFIG=$root/apt.conf
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
        configuration=_CONFIGURATION,
        suite=suite,
        include=INCLUDE,
        package=package_name(version),
        folder=f"python3.{version.minor}",
    )
