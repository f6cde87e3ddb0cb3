"""Wheel platforms and Python ABIs, parsed once from their tags into types."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies
from packaging.tags import Tag

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.tags.policies import UnknownPolicyError, policies_of

_LINUX = re.compile(r"(?P<family>many|musl)linux(?P<legacy>1|2010|2014|_\d+_\d+)_(?P<architecture>\w+)")
_MACOS = re.compile(r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<architecture>\w+)")
_ABI = re.compile(r"(?P<python>[a-z]+\d+)(?P<threading>t?)(-(?P<abi>\w+))?")
_MAC_SLICES = {"x86_64": ("x86_64",), "arm64": ("arm64",), "universal2": ("x86_64", "arm64")}
_WINDOWS = {"win_amd64": "amd64", "win_arm64": "arm64"}
# The first macOS that runs on Apple's own processors.
_FIRST_ARM = (11, 0)
# 10.4 to 10.15, 11 to 15, and then Apple went on with the year.
_LAST_TEN = 15
_NEVER_RELEASED = range(16, 26)


class UnknownPlatformError(SpokeshaveError):
    """A platform tag, or a Python ABI, that Spokeshave does not know."""


class System(enum.Enum):
    """Whose loader and libraries a platform has."""

    GLIBC = "glibc"
    MUSL = "musl"
    MACOS = "macOS"
    WINDOWS = "Windows"


@dataclass(frozen=True)
class Platform:
    """A wheel platform: its tag, and the architectures that every native file must have, in the tag's words."""

    tag: str
    system: System
    architectures: tuple[str, ...]

    @staticmethod
    def parse(tag: str) -> Platform:
        """The platform of a tag such as ``manylinux_2_17_x86_64``, or of its alias; raises `UnknownPlatformError`."""
        if tag.startswith("macosx"):
            return MacPlatform.of(tag)
        return WindowsPlatform.of(tag) if tag.startswith("win") else LinuxPlatform.of(tag)

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform's tag and its legacy aliases, sorted as they stand in a wheel's file name."""
        return (self.tag,)

    @property
    def unrepaired_tag(self) -> str:
        """The tag of a wheel that was not repaired yet: ``linux_x86_64``; outside of Linux the platform's own."""
        return self.tag


@dataclass(frozen=True)
class LinuxPlatform(Platform):
    """A Linux wheel platform (PEP 600, PEP 656) with the policy that auditwheel has for it."""

    libc: Libc
    architecture: Architecture
    policy: Policy
    policies: WheelPolicies

    @classmethod
    def of(cls, tag: str) -> LinuxPlatform:
        """Read a manylinux or musllinux tag."""
        match = _LINUX.fullmatch(tag)
        if match is None or match["architecture"] not in {architecture.value for architecture in Architecture}:
            raise _unknown_platform(tag, "it is no manylinux, musllinux, macosx or win tag of a known architecture")
        libc = Libc.GLIBC if match["family"] == "many" else Libc.MUSL
        architecture = Architecture(match["architecture"])
        try:
            policies = policies_of(tag, libc, architecture)
        except UnknownPolicyError as err:
            raise _unknown_platform(tag, str(err)) from err
        try:
            policy = policies.get_policy_by_name(tag)
        except LookupError as err:
            known = ", ".join(policy.name for policy in reversed(list(policies)) if policy != policies.linux)
            fault = _unknown_platform(tag, f"auditwheel's policies for {architecture.value} are {known}")
            raise fault from err
        system = System.GLIBC if libc is Libc.GLIBC else System.MUSL
        return cls(
            tag=policy.name,
            system=system,
            architectures=(architecture.value,),
            libc=libc,
            architecture=architecture,
            policy=policy,
            policies=policies,
        )

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform's tag and its legacy aliases."""
        return tuple(sorted((self.policy.name, *self.policy.aliases)))

    @property
    def unrepaired_tag(self) -> str:
        """``linux_x86_64``."""
        return f"linux_{self.architecture.value}"

    def fitting_tag(self, versions: set[str]) -> str | None:
        """The oldest platform tag whose policy has all these symbol versions (``GLIBC_2.28``), if there is one."""
        policy = self.policies.versioned_symbols_policy({"": versions})
        return None if policy == self.policies.linux else policy.name


@dataclass(frozen=True)
class MacPlatform(Platform):
    """A macOS wheel platform: the oldest macOS that the wheel runs on, ``(11, 0)``."""

    minimum_version: tuple[int, int]

    @classmethod
    def of(cls, tag: str) -> MacPlatform:
        """Read a macosx tag."""
        match = _MACOS.fullmatch(tag)
        if match is None or match["architecture"] not in _MAC_SLICES:
            raise _unknown_platform(tag, "a macOS tag is macosx_MAJOR_MINOR_ with x86_64, arm64 or universal2")
        version = (int(match["major"]), int(match["minor"]))
        fault = _mac_version_fault(version, match["architecture"])
        if fault:
            raise _unknown_platform(tag, fault)
        return cls(
            tag=tag, system=System.MACOS, architectures=_MAC_SLICES[match["architecture"]], minimum_version=version
        )


@dataclass(frozen=True)
class WindowsPlatform(Platform):
    """A Windows wheel platform: ``win_amd64`` or ``win_arm64``."""

    @classmethod
    def of(cls, tag: str) -> WindowsPlatform:
        """Read a win tag."""
        if tag not in _WINDOWS:
            raise _unknown_platform(tag, f"the Windows tags are {', '.join(_WINDOWS)}")
        return cls(tag, System.WINDOWS, (_WINDOWS[tag],))


def _mac_version_fault(version: tuple[int, int], architecture: str) -> str | None:
    major, minor = version
    if architecture == "arm64" and version < _FIRST_ARM:
        return "macOS runs on arm64 from 11.0 on"
    if major < 10 or major in _NEVER_RELEASED or (major == 10 and minor > _LAST_TEN):
        return f"there was never a macOS {major}.{minor}"
    # packaging.tags, and so every installer, asks for MAJOR_0 from macOS 11 on.
    return f"installers look for macosx_{major}_0 only" if major > 10 and minor else None


def _unknown_platform(tag: str, reason: str) -> UnknownPlatformError:
    remedy = "Use a tag such as manylinux_2_17_x86_64, musllinux_1_2_aarch64, macosx_11_0_universal2 or win_amd64."
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
            remedy = "Use a name such as cp310, cp312-abi3, cp313t or py3-none."
            raise UnknownPlatformError(Problem(text, "is no Python ABI", remedy))
        return cls(match["python"], match["abi"] or match["python"] + match["threading"])

    @property
    def is_independent(self) -> bool:
        """Whether nothing uses Python's ABI, so that one build serves every Python."""
        return self.abi == "none"

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
