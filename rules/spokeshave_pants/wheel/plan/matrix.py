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
from spokeshave_pants.toolchain.platforms import HOST, host_platform, parse_platform
from spokeshave_pants.wheel.plan.extension_suffix import extension_suffix

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
        """Return the listed Pythons that test a build of this ABI: those without a build of their own."""
        own = {other.version for other in self.abis if not other.serves_several}
        return tuple(v for v in self.versions if abi.serves(v) and (not abi.serves_several or v not in own))

    def abi_for(self, version: PythonVersion, *, where: str, needed_by: str) -> PythonAbi:
        """Return the build that an interpreter of this version loads.

        Raises:
            InvalidTargetError: If there is none.
        """
        for abi in sorted(self.abis, key=lambda abi: abi.stable):
            if abi.serves(version):
                return abi
        raise InvalidTargetError(
            f"{needed_by} is built for Python {version} and depends on {where}, which is not built for it. Add "
            f"'{version}' to the `pythons` of {where}."
        )


def plan_matrix(
    platforms: Iterable[str],
    pythons: Iterable[str],
    limited_apis: Iterable[str | None],
    *,
    where: str,
    independent: bool = False,
) -> WheelMatrix:
    """Parse the fields of a wheel and of its extensions. All problems are reported together.

    An `abi3` wheel requires that every extension in it is `abi3`, so the newest of their `limited_api`s counts. One
    extension without it makes every build version-specific.

    Args:
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
    common = None
    with problems.collecting():
        common = common_limited_api(limited_apis, where=where)
    if not platforms:
        problems.add_text(f"{where} lists no platform. Set `platforms`.")
    if not pythons:
        problems.add_text(f"{where} lists no Python. Set `pythons`.")
    problems.raise_if_any(InvalidTargetError)
    abis = (PythonAbi(versions[0], independent=True),) if independent else abis_for(versions, common)
    return WheelMatrix(tuple(dict.fromkeys(parsed)), versions, abis)


def common_limited_api(limited_apis: Iterable[str | None], *, where: str) -> PythonVersion | None:
    """Return the first Python whose stable ABI all extensions of a wheel use. None if one of them does not use any.

    Raises:
        InvalidTargetError: For all values that are not Pythons.
    """
    problems = Problems()
    limited: list[PythonVersion | None] = []
    for limited_api in limited_apis:
        with problems.collecting():
            limited.append(None if limited_api is None else _parse_limited_api(limited_api, where=where))
    problems.raise_if_any(InvalidTargetError)
    stable = [version for version in limited if version is not None]
    return max(stable) if stable and len(stable) == len(limited) else None


def _parse_limited_api(text: str, *, where: str) -> PythonVersion:
    version = PythonVersion.parse(text, where=f"`limited_api` of {where}")
    if version.free_threaded:
        raise InvalidTargetError(
            f"`limited_api` of {where} is {text!r}, but free-threaded builds have no stable ABI. Remove the 't': "
            "they get a build of their own."
        )
    return version


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


def abis_for(versions: Iterable[PythonVersion], limited_api: PythonVersion | None) -> tuple[PythonAbi, ...]:
    """Return the builds that serve these Pythons: one stable-ABI build from `limited_api` on, one each for others."""
    abis: set[PythonAbi] = set()
    for version in versions:
        if limited_api is not None and not version.free_threaded and version >= limited_api:
            abis.add(PythonAbi(limited_api, stable=True))
        else:
            abis.add(PythonAbi(version))
    return tuple(sorted(abis, key=lambda abi: (abi.version, abi.stable)))
