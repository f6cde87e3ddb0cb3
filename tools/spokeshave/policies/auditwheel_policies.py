"""auditwheel's policies for Linux platforms, extended to every glibc. The adapter of auditwheel's private APIs."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import Policy, WheelPolicies

from spokeshave.pinned_library import private_api


class UnknownPolicyError(LookupError):
    """A tag that auditwheel has no policy for."""


class GlibcPolicies(WheelPolicies):
    """auditwheel's policies, and derived ones for floors between two of theirs.

    PEP 600 defines a tag for every glibc, but auditwheel has policies only for those of common distributions. A floor
    in between allows everything that the next older policy allows, and glibc's own newer symbols up to the floor.
    """

    def __init__(self, tag: str, architecture: Architecture) -> None:
        super().__init__(libc=Libc.GLIBC, arch=architecture)
        floors = {floor: policy for policy in self if (floor := _floor(policy.name))}
        floor = _floor(tag)
        older = [policy for known, policy in floors.items() if floor and known < floor]
        newer = [policy for known, policy in floors.items() if floor and known > floor]
        if floor and floor not in floors and older and newer:
            self._add(_between(tag, floor, min(older), max(newer)))

    def _add(self, policy: Policy) -> None:
        with private_api("auditwheel", __name__):
            self._policies.append(policy)
            self._policies.sort()


def policies_of(tag: str, libc: Libc, architecture: Architecture) -> WheelPolicies:
    """The policies that a wheel of a tag is checked by.

    Raises:
        UnknownPolicyError: auditwheel does not know the tag's musl.
    """
    if libc is Libc.GLIBC:
        return GlibcPolicies(tag, architecture)
    version = tag[: -len(architecture.value) - 1]
    try:
        return WheelPolicies(libc=libc, arch=architecture, musl_policy=version)
    except (AssertionError, IndexError) as err:
        raise UnknownPolicyError(f"auditwheel has no policy {version}") from err


def _floor(tag: str) -> tuple[int, int] | None:
    match = re.match(r"manylinux_(\d+)_(\d+)_", tag)
    return (int(match[1]), int(match[2])) if match else None


def _between(tag: str, floor: tuple[int, int], older: Policy, newer: Policy) -> Policy:
    """Return the policy of a floor between those of two policies. A lower priority is a newer glibc."""
    glibc = {version for version in newer.symbol_versions["GLIBC"] if _version(version) <= floor}
    versions = {**older.symbol_versions, "GLIBC": older.symbol_versions["GLIBC"] | glibc}
    return replace(older, name=tag, aliases=(), priority=older.priority - 1, symbol_versions=versions)


def _version(text: str) -> tuple[int, ...]:
    """Return the numbers of a glibc version. Other names, such as `PRIVATE`, are newer than all."""
    return tuple(int(part) for part in text.split(".")) if re.fullmatch(r"[\d.]+", text) else (sys.maxsize,)
