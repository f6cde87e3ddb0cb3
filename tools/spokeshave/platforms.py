"""Wheel platforms and Python ABIs, parsed once from their tags into types."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies
from packaging.tags import Tag

from spokeshave.errors import Problem, SpokeshaveError

_PLATFORM = re.compile(r"(?P<family>many|musl)linux(?P<legacy>1|2010|2014|_\d+_\d+)_(?P<architecture>\w+)")
_ABI = re.compile(r"(?P<python>[a-z]+\d+)(?P<threading>t?)(-(?P<abi>\w+))?")


class UnknownPlatformError(SpokeshaveError):
    """A platform tag, or a Python ABI, that Spokeshave does not know."""


@dataclass(frozen=True)
class Platform:
    """A Linux wheel platform (PEP 600, PEP 656) with the policy that auditwheel has for it."""

    tag: str
    libc: Libc
    architecture: Architecture
    policy: Policy
    policies: WheelPolicies

    @classmethod
    def parse(cls, tag: str) -> Platform:
        """The platform of a tag such as ``manylinux_2_17_x86_64``, or of its alias; raises `UnknownPlatformError`."""
        match = _PLATFORM.fullmatch(tag)
        if match is None or match["architecture"] not in {architecture.value for architecture in Architecture}:
            raise _unknown_platform(tag, "it is no manylinux or musllinux tag of a known architecture")
        libc = Libc.GLIBC if match["family"] == "many" else Libc.MUSL
        architecture = Architecture(match["architecture"])
        policies = _policies(tag, libc, architecture)
        try:
            policy = policies.get_policy_by_name(tag)
        except LookupError as err:
            known = ", ".join(policy.name for policy in reversed(list(policies)) if policy != policies.linux)
            raise _unknown_platform(tag, f"auditwheel's policies for {architecture.value} are {known}") from err
        return cls(policy.name, libc, architecture, policy, policies)

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform's tag and its legacy aliases, sorted as they stand in a wheel's file name."""
        return tuple(sorted((self.policy.name, *self.policy.aliases)))

    @property
    def linux_tag(self) -> str:
        """The tag of a wheel that was not repaired yet: ``linux_x86_64``."""
        return f"linux_{self.architecture.value}"

    def fitting_tag(self, versions: set[str]) -> str | None:
        """The oldest platform tag whose policy has all these symbol versions (``GLIBC_2.28``), if there is one."""
        policy = self.policies.versioned_symbols_policy({"": versions})
        return None if policy == self.policies.linux else policy.name


def _policies(tag: str, libc: Libc, architecture: Architecture) -> WheelPolicies:
    if libc is Libc.GLIBC:
        return WheelPolicies(libc=libc, arch=architecture)
    version = tag[: -len(architecture.value) - 1]
    try:
        return WheelPolicies(libc=libc, arch=architecture, musl_policy=version)
    except (AssertionError, IndexError) as err:
        raise _unknown_platform(tag, f"auditwheel has no policy {version}") from err


def _unknown_platform(tag: str, reason: str) -> UnknownPlatformError:
    remedy = "Use a tag such as manylinux_2_17_x86_64, manylinux_2_28_aarch64 or musllinux_1_2_x86_64."
    return UnknownPlatformError(Problem(tag, f"is no platform that wheels can be repaired to: {reason}", remedy))


@dataclass(frozen=True)
class PythonAbi:
    """What a wheel's extensions are compiled against: ``cp310``, ``cp312-abi3``, ``cp313t``, ``py3-none``."""

    interpreter: str
    abi: str

    @classmethod
    def parse(cls, text: str) -> PythonAbi:
        """The ABI of a name; raises `UnknownPlatformError`."""
        match = _ABI.fullmatch(text)
        if match is None:
            remedy = "Use a name such as cp310, cp312-abi3 or cp313t."
            raise UnknownPlatformError(Problem(text, "is no Python ABI", remedy))
        return cls(match["python"], match["abi"] or match["python"] + match["threading"])

    @property
    def is_limited(self) -> bool:
        """Whether one build serves every later Python (PEP 384)."""
        return self.abi == "abi3"

    @property
    def is_free_threaded(self) -> bool:
        """Whether the interpreter has no global lock (PEP 703)."""
        return self.abi.endswith("t") and self.abi.startswith("cp")

    @property
    def python_version(self) -> tuple[int, int] | None:
        """The CPython version, ``(3, 12)``; None for ``py3`` and for other implementations."""
        match = re.fullmatch(r"cp(\d)(\d+)", self.interpreter)
        return (int(match[1]), int(match[2])) if match else None

    def tag(self, platform: str) -> Tag:
        """The wheel tag of this ABI on a platform."""
        return Tag(self.interpreter, self.abi, platform)

    def __str__(self) -> str:
        return self.abi if self.abi.rstrip("t") == self.interpreter else f"{self.interpreter}-{self.abi}"
