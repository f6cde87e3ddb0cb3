"""What a wheel of a Linux platform may use of the system, by auditwheel's policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies

from spokeshave.policies.auditwheel_policies import UnknownPolicyError, policies_of
from spokeshave_core.platform import EXAMPLES, InvalidPlatformError, ObjectFormat, Platform, System
from spokeshave_core.problems import Problem


@dataclass(frozen=True)
class LinuxPolicy:
    """The policy of a Linux platform (PEP 600, PEP 656), and those of the other floors of its C library."""

    platform: Platform
    architecture: Architecture
    policy: Policy
    policies: WheelPolicies

    @classmethod
    def of(cls, platform: Platform) -> LinuxPolicy:
        """The policy of a platform; raises `InvalidPlatformError` where auditwheel has none."""
        if platform.architecture not in {architecture.value for architecture in Architecture}:
            raise _no_policy(platform, f"auditwheel does not know the architecture {platform.architecture}")
        libc = Libc.GLIBC if platform.system is System.GLIBC else Libc.MUSL
        architecture = Architecture(platform.architecture)
        try:
            policies = policies_of(platform.tag, libc, architecture)
        except UnknownPolicyError as err:
            raise _no_policy(platform, str(err)) from err
        try:
            policy = policies.get_policy_by_name(platform.tag)
        except LookupError as err:
            known = ", ".join(policy.name for policy in reversed(list(policies)) if policy != policies.linux)
            raise _no_policy(platform, f"auditwheel's policies for {architecture.value} are {known}") from err
        return cls(platform=platform, architecture=architecture, policy=policy, policies=policies)

    @property
    def allowed_libraries(self) -> frozenset[str]:
        """The sonames that a wheel may take from the system."""
        return self.policy.whitelist

    @property
    def allowed_versions(self) -> Mapping[str, frozenset[str]]:
        """The symbol versions that a wheel may use, by their prefix: `GLIBC`, `CXXABI`."""
        return self.policy.symbol_versions

    @property
    def forbidden_symbols(self) -> Mapping[str, frozenset[str]]:
        """The symbols that a wheel must not import, by the soname of their library."""
        return self.policy.blacklist

    def fitting_tag(self, versions: set[str]) -> str | None:
        """Return the oldest platform tag whose policy has all these symbol versions (`GLIBC_2.28`), if there is one."""
        policy = self.policies.versioned_symbols_policy({"": versions})
        return None if policy == self.policies.linux else policy.name


def parse_platform(tag: str) -> Platform:
    """The platform of a tag that wheels can be repaired to and verified for; raises `InvalidPlatformError`."""
    platform = Platform.parse(tag)
    if platform.object_format is ObjectFormat.ELF:
        LinuxPolicy.of(platform)
    return platform


def _no_policy(platform: Platform, reason: str) -> InvalidPlatformError:
    message = f"is not a platform that wheels can be repaired to: {reason}"
    return InvalidPlatformError(Problem(platform.tag, message, f"Use a tag such as {EXAMPLES}."))
