"""Verdicts on published wheels for Linux: `repair` and `verify` of Spokeshave, and `auditwheel show`."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from differential.comparison import Compared, compare_sets, compare_values
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from spokeshave.linkage.formats import read_linkage
from spokeshave.linkage.linkage import Fault
from spokeshave.native.elf.file import LOADERS
from spokeshave.policies.linux import LinuxPolicy
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import WheelTag

# What auditwheel looks at; `verify` looks at more.
_POLICY_FAULTS = (Fault.ARCHITECTURE, Fault.SYMBOL_VERSION, Fault.FORBIDDEN_SYMBOL, Fault.MISSING_LIBRARY)
LINUX = "linux"
"""The verdict that no platform tag fits."""


def compare(field: Field) -> Iterator[Compared]:
    """Compare the platform tags, the libraries and the verdicts."""
    wheels = fetch_pinned("linux-wheels", field.cache)
    for wheel, theirs in zip(wheels, in_parallel(lambda wheel: show(field, wheel), wheels)):
        with tempfile.TemporaryDirectory() as folder:
            tree = unpack(wheel, Path(folder).resolve() / "wheel")
            platform = oldest_platform(tree.name.tag)
            yield compare_values("oldest platform tag", wheel.name, oldest_tag(tree, platform), theirs["overall_tag"])
            abi = PythonAbi.of_tags(tree.name.tag.python, tree.name.tag.abi)
            yield from compare_sets("missing libraries", wheel.name, _missing(tree, platform), theirs["external_libs"])
            kinds = LinuxPolicy.of(platform).allowed_versions
            symbols = (our_versions(tree, platform, kinds), versions(theirs, kinds))
            yield from compare_sets("newest symbol versions", wheel.name, *symbols)
        yield from _verdict(wheel, platform, abi, theirs["overall_tag"])


def show(field: Field, wheel: Path, *options: str, libraries: Path | None = None) -> dict[str, Any]:
    """Return what `auditwheel show` says of a wheel."""
    variables = {"LD_LIBRARY_PATH": str(libraries)} if libraries else None
    done = field.run("auditwheel", "show", "--json", *options, wheel, variables=variables)
    if done.returncode:
        return {"overall_tag": f"error: {done.stderr.strip().splitlines()[-1]}", "external_libs": {}}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def oldest_platform(tag: WheelTag) -> Platform:
    """Return the platform of a wheel with the lowest floor."""
    return min((Platform.parse(text) for text in tag.platforms), key=lambda platform: platform.floor or (0, 0))


def oldest_tag(tree: WheelTree, platform: Platform) -> str:
    """Return the platform tag with the lowest floor for which the wheel has no problem that a policy is about."""
    policies = LinuxPolicy.of(platform).policies
    abi = PythonAbi.of_tags(tree.name.tag.python, tree.name.tag.abi)
    floors = [Platform.parse(policy.name) for policy in policies if policy != policies.linux]
    for candidate in sorted(floors, key=lambda found: found.floor or (0, 0)):
        if not read_linkage(candidate, tree, abi).problems(*_POLICY_FAULTS):
            return candidate.tag
    return f"{LINUX}_{platform.architecture}"


def _missing(tree: WheelTree, platform: Platform) -> set[str]:
    """Return the libraries, but not the loader, that neither the wheel nor the platform with the lowest floor has."""
    names = read_linkage(platform, tree, None).files.platform_libraries()
    allowed = LinuxPolicy.of(platform).policies.highest.whitelist
    return {name for name in names if name not in allowed and not name.startswith(LOADERS)}


def our_versions(tree: WheelTree, platform: Platform, kinds: Container[str]) -> set[str]:
    """Return the newest symbol version of each kind that the wheel needs of the platform."""
    newest = read_linkage(platform, tree, None).files.newest()
    return {f"{kind} {version}" for kind, version in newest.items() if kind in kinds and version != "0"}


def versions(shown: dict[str, Any], kinds: Container[str]) -> set[str]:
    """Return the newest version of each kind in what auditwheel says."""
    newest: dict[str, tuple[int, ...]] = {}
    for names in shown.get("versioned_symbols", {}).values():
        for name in names:
            kind, _, number = name.partition("_")
            if kind in kinds and re.fullmatch(r"[\d.]+", number):
                newest[kind] = max(newest.get(kind, ()), tuple(map(int, number.split("."))))
    return {f"{kind} {'.'.join(map(str, number))}" for kind, number in newest.items()}


def _verdict(wheel: Path, platform: Platform, abi: PythonAbi | None, overall: str) -> Iterator[Compared]:
    """Compare whether the wheel is valid for its own tag. auditwheel has one reason, `verify` has rules."""
    if abi is None:
        return
    found = verify(Expectation(wheel=wheel, platform=platform, abi=abi))
    fits = overall.startswith(("manylinux", "musllinux")) and platform.runs(Platform.parse(overall))
    ours = {finding.rule.value for finding in found}
    if fits or not ours:
        refusals = [f"only ours: {rule}" for rule in sorted(ours)] if fits else ["only theirs"]
        yield from (Compared("valid for its tag", wheel.name, text) for text in refusals)
    if fits is not bool(ours):
        yield Compared("valid for its tag", wheel.name)
