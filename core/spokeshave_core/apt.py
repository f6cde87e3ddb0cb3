"""An apt root of our own, in which apt downloads Debian's packages of any suite and architecture as files.

The machine's own root is only read: for the mirror that its sources name, and for how mirrors are reached. apt checks
every index against Debian's keys and every package against the index. The tools use such a root from Python, and the
plugin in a shell script, so what is here is text for both; regular expressions are valid for `re`, `grep -E` and
`sed -E`. See apt.conf(5) and sources.list(5).
"""

from __future__ import annotations

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What has to exist in a root, beside the files.
FOLDERS = ("lists/partial", "cache/archives/partial", "etc")
STATUS = "status"
SOURCES = "sources.list"
CONFIGURATION = "apt.conf"

# The command that lists what the machine's sources name, and the mirror in a line of it. Debian's security archive, and
# what others offer, has no suite of this name and this component.
MIRROR_COMMAND = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages")
MIRROR = r"^(\S+/debian/?) main$"
# The command that prints the machine's configuration, and the lines of it that count: how mirrors are reached, and how
# old an index may be (a snapshot's is old). Nothing that would weaken a check of signatures.
REACH_COMMAND = ("apt-config", "dump", "Acquire")
REACH = (
    r"^Acquire::(\w+::(Proxy|Timeout|CAInfo|CAPath|SslCert|SslKey|Pipeline-Depth)|\w+::Proxy::\S+"
    r"|Retries|Check-Valid-Until|Check-Date)[ :]"
)

_DEFAULTS = {"Acquire::Retries": "3"}
_CHECKS = {
    "APT::Get::AllowUnauthenticated": "false",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowWeakRepositories": "false",
}


def apt_configuration(root: str, architecture: str, reach: str) -> str:
    """The configuration of a root.

    Args:
        root: Its absolute path.
        architecture: Of the packages, in Debian's words.
        reach: The lines of the machine's own configuration that `REACH` finds, each with its line end.
    """
    own = {
        "Dir::State": root,
        "Dir::State::lists": f"{root}/lists",
        "Dir::State::status": f"{root}/{STATUS}",
        "Dir::Cache": f"{root}/cache",
        "Dir::Etc::SourceList": f"{root}/{SOURCES}",
        "Dir::Etc::SourceParts": f"{root}/etc",
        "Dir::Etc::Main": "/dev/null",
        "Dir::Etc::Parts": f"{root}/etc",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": f"{root}/etc",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return _lines(_DEFAULTS) + reach + _lines({**own, **_CHECKS})


def apt_sources(mirror: str, suite: str, architecture: str, *kinds: str) -> str:
    """The sources of a root, for each kind of packages: `deb` or `deb-src`."""
    trusted = f"[arch={architecture} signed-by={KEYRING}]"
    return "".join(f"{kind} {trusted} {mirror} {suite} main\n" for kind in kinds)


def _lines(values: dict[str, str]) -> str:
    return "".join(f'{key} "{value}";\n' for key, value in values.items())
