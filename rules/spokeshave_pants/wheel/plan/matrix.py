"""The validated fields of a `python_native_wheel`, checked as a whole before anything is compiled."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problems, bullet_list
from spokeshave_core.python_abi import PythonAbi, PythonVersion, parse_versions
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.headers.extension_suffix import extension_suffix
from spokeshave_pants.toolchain.platforms import HOST, host_platform, parse_platform
from spokeshave_pants.wheel.plan.limited_api import LimitedApi

# ASCII only, because the init function has another prefix than `PyInit_` for other names (PEP 489).
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class WheelMatrix:
    """The builds of a wheel: every platform times every ABI, and the Pythons that each ABI serves."""

    platforms: tuple[Platform, ...]
    versions: tuple[PythonVersion, ...]
    abis: tuple[PythonAbi, ...]

    def narrowed(self, globs: Iterable[str]) -> WheelMatrix:
        """The builds for platforms that a glob of tags names (`host`: whose wheels run here); without globs, all."""
        globs = tuple(globs)
        if not globs:
            return self
        here = host_platform() if HOST in globs else None
        kept = (p for p in self.platforms if p.fits(globs) or (here is not None and here.runs(p)))
        return replace(self, platforms=tuple(kept))

    def served_by(self, abi: PythonAbi) -> tuple[PythonVersion, ...]:
        """Return the listed Pythons that test a build of this ABI: those whose installers prefer it to the others."""
        return tuple(version for version in self.versions if self.preferred(version) == abi)

    def abi_for(self, version: PythonVersion, *, where: str, needed_by: str) -> PythonAbi:
        """Return the build that an interpreter of this version loads.

        Raises:
            InvalidTargetError: If there is none.
        """
        preferred = self.preferred(version)
        if preferred is not None:
            return preferred
        raise InvalidTargetError(
            f"{needed_by} is built for Python {version} and depends on {where}, which is not built for it. Add "
            f"'{version}' to the `pythons` of {where}."
        )

    def preferred(self, version: PythonVersion) -> PythonAbi | None:
        """Return the build that an installer chooses: that of the version itself, or else the newest stable one."""
        serving = (abi for abi in self.abis if abi.serves(version))
        return max(serving, key=lambda abi: (not abi.serves_several, abi.version), default=None)


def plan_matrix(
    platforms: Iterable[str],
    pythons: Iterable[str],
    limited_apis: Iterable[Iterable[str] | None],
    *,
    where: str,
    independent: bool = False,
) -> WheelMatrix:
    """Parse the fields of a wheel and of its extensions. All problems are reported together.

    A wheel for a stable ABI requires that every extension in it uses that ABI, so the newest of their `limited_api`s
    counts. One extension without it makes every build version-specific.

    Args:
        limited_apis: The field of each extension.
        independent: Whether nothing in the wheel uses Python's ABI. There is then one build per platform.

    Raises:
        InvalidTargetError: For all problems.
    """
    platforms = tuple(platforms)
    pythons = tuple(pythons)
    problems = Problems()
    parsed: list[Platform] = []
    for tag in platforms:
        with problems.collecting():
            parsed.append(parse_platform(tag, where=where))
    versions: tuple[PythonVersion, ...] = ()
    with problems.collecting():
        versions = parse_versions(pythons, where=where)
    limited: list[LimitedApi] = []
    for texts in limited_apis:
        with problems.collecting():
            limited.append(LimitedApi.parse(texts or (), where=where))
    if not platforms:
        problems.add_text(f"{where} lists no platform. Set `platforms`.")
    if not pythons:
        problems.add_text(f"{where} lists no Python. Set `pythons`.")
    problems.raise_if_any(InvalidTargetError)
    own = (PythonAbi(versions[0], independent=True),)
    abis = own if independent else LimitedApi.common(limited).abis_for(versions)
    return WheelMatrix(tuple(dict.fromkeys(parsed)), versions, abis)


def check_modules(modules: Iterable[tuple[str, str]]) -> None:
    """Check that module names can be imported and that no two extensions have the same name.

    Args:
        modules: The module and the target of each extension.

    Raises:
        InvalidTargetError: For all problems.
    """
    owners: dict[str, list[str]] = {}
    problems = Problems()
    for module, target in modules:
        owners.setdefault(module, []).append(target)
        if _MODULE.fullmatch(module) is None or any(keyword.iskeyword(part) for part in module.split(".")):
            problems.add_text(f"`module` of {target} is {module!r}; write an import name such as `package._native`.")
    for module, targets in owners.items():
        if len(targets) > 1:
            problems.add_text(f"{' and '.join(targets)} both build the module {module}.")
    problems.raise_if_any(InvalidTargetError, render=bullet_list)


def extension_path(module: str, abi: PythonAbi, platform: Platform) -> str:
    """Return the path of an extension in the wheel."""
    return module.replace(".", "/") + extension_suffix(abi, platform)


def wheel_tag(abi: PythonAbi, platform: Platform) -> str:
    """Return the tag of an unrepaired wheel, which makes no promise about required libraries."""
    return str(abi.wheel_tag(platform.unrepaired_tag))
