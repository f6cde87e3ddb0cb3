"""What a `python_native_wheel` asks for, checked as a whole before anything is compiled."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spokeshave_pants.errors import InvalidTargetError, SpokeshaveError, bullet_list
from spokeshave_pants.platform import HOST, ObjectFormat, Platform, host
from spokeshave_pants.python_abi import PythonAbi, PythonVersion, abis_for, parse_versions

# ASCII, as `PyInit_` is another function for any other name (PEP 489).
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class WheelMatrix:
    """The builds of a wheel: every platform times every ABI, and the Pythons that each ABI serves."""

    platforms: tuple[Platform, ...]
    versions: tuple[PythonVersion, ...]
    abis: tuple[PythonAbi, ...]

    def narrowed(self, globs: Iterable[str]) -> WheelMatrix:
        """The builds for the platforms that a glob of tags names, or `host` for those whose wheels run here."""
        globs = tuple(globs)
        here = host() if HOST in globs else None
        kept = (p for p in self.platforms if p.fits(globs) or (here is not None and here.runs(p)))
        return replace(self, platforms=tuple(kept))

    def served_by(self, abi: PythonAbi) -> tuple[PythonVersion, ...]:
        """The listed Pythons that a build of this ABI is tested on: those without a build of their own."""
        own = {other.version for other in self.abis if not other.serves_several}
        return tuple(v for v in self.versions if abi.serves(v) and (not abi.serves_several or v not in own))

    def abi_for(self, version: PythonVersion, *, where: str, needed_by: str) -> PythonAbi:
        """The build that an interpreter of this version loads.

        :raises InvalidTargetError: where there is none.
        """
        for abi in sorted(self.abis, key=lambda abi: abi.stable):
            if abi.serves(version):
                return abi
        raise InvalidTargetError(
            f"{needed_by} is built for Python {version} and depends on {where}, which is not. "
            f"Add '{version}' to the `pythons` of {where}."
        )


def plan_matrix(
    platforms: Iterable[str],
    pythons: Iterable[str],
    limited_apis: Iterable[str | None],
    *,
    where: str,
    independent: bool = False,
) -> WheelMatrix:
    """Parse the fields of a wheel and of its extensions; all problems are reported together.

    An `abi3` wheel needs every extension in it to be `abi3`, so the newest of their `limited_api`s counts, and one
    extension without makes every build version-specific.

    Args:
        independent: whether nothing in the wheel uses Python's ABI: it has one build for each platform.

    Raises:
        InvalidTargetError: with every problem.
    """
    platforms = tuple(platforms)
    pythons = tuple(pythons)
    problems: list[str] = []
    parsed: list[Platform] = []
    for tag in platforms:
        try:
            parsed.append(Platform.parse(tag, where=where))
        except SpokeshaveError as error:
            problems.append(str(error))
    versions: tuple[PythonVersion, ...] = ()
    try:
        versions = parse_versions(pythons, where=where)
    except SpokeshaveError as error:
        problems.extend(str(error).splitlines())
    limited: list[PythonVersion | None] = []
    for text in limited_apis:
        try:
            limited.append(None if text is None else _parse_limited_api(text, where=where))
        except SpokeshaveError as error:
            problems.append(str(error))
    if not platforms:
        problems.append(f"{where} lists no platform. Set `platforms`.")
    if not pythons:
        problems.append(f"{where} lists no Python. Set `pythons`.")
    if problems:
        raise InvalidTargetError("\n".join(dict.fromkeys(problems)))
    stable = [version for version in limited if version is not None]
    common = max(stable) if stable and len(stable) == len(limited) else None
    abis = (PythonAbi(versions[0], independent=True),) if independent else abis_for(versions, common)
    return WheelMatrix(tuple(dict.fromkeys(parsed)), versions, abis)


def _parse_limited_api(text: str, *, where: str) -> PythonVersion:
    version = PythonVersion.parse(text, where=f"`limited_api` of {where}")
    if version.free_threaded:
        raise InvalidTargetError(
            f"`limited_api` of {where} is {text!r}, but free-threaded builds have no stable ABI. Remove the 't': "
            "they get a build of their own."
        )
    return version


def check_modules(modules: Iterable[tuple[str, str]]) -> None:
    """Refuse module names that no import could name, and two extensions of one module.

    :param modules: the module and the target of each extension.
    :raises InvalidTargetError: with every problem.
    """
    owners: dict[str, list[str]] = {}
    problems: list[str] = []
    for module, target in modules:
        owners.setdefault(module, []).append(target)
        if _MODULE.fullmatch(module) is None or any(keyword.iskeyword(part) for part in module.split(".")):
            problems.append(f"`module` of {target} is {module!r}; write an import name such as `package._native`.")
    problems.extend(
        f"{' and '.join(targets)} both make the module {module}."
        for module, targets in owners.items()
        if len(targets) > 1
    )
    if problems:
        raise InvalidTargetError(bullet_list(problems))


def extension_path(module: str, abi: PythonAbi, platform: Platform) -> str:
    """Where an extension lies in the wheel."""
    return module.replace(".", "/") + abi.extension_suffix(platform)


def wheel_tag(abi: PythonAbi, platform: Platform) -> str:
    """The tag of an unrepaired wheel: it promises nothing about the libraries that it needs."""
    linux = platform.object_format is ObjectFormat.ELF
    return f"{abi.python_tag}-{abi.abi_tag}-{f'linux_{platform.architecture}' if linux else platform}"
