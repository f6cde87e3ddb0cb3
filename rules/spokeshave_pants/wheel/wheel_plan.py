"""What a `python_native_wheel` asks for, checked as a whole before anything is compiled."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from spokeshave_pants.errors import InvalidTargetError, SpokeshaveError, bullet_list
from spokeshave_pants.platform import HOST, ObjectFormat, Platform, host
from spokeshave_pants.python_abi import PythonAbi, PythonVersion, abis_for, parse_versions

# ASCII, as `PyInit_` is another function for any other name (PEP 489).
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_QUOTED = re.compile(r'"([^"\n]+)"|\'([^\'\n]+)\'')
_TABLE = re.compile(r"^[ \t]*\[{1,2}[ \t]*(?=[\w\"'])", re.MULTILINE)
_CHARACTER_CLASS = re.compile(r"\[!?.[^\]]*\]")
_REQUIRES_PYTHON = re.compile(
    r"""^[ \t]*(?:project\.)?["']?requires-python["']?[ \t]*=[ \t]*(["'])(.*?)\1""", re.MULTILINE
)
_LONGEST_PATH = 255
# The releases that a wheel is built for where it does not say.
KNOWN_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


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
        own = {other.version for other in self.abis if not other.stable}
        return tuple(v for v in self.versions if abi.serves(v) and (not abi.stable or v not in own))

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
    platforms: Iterable[str], pythons: Iterable[str], limited_apis: Iterable[str | None], *, where: str
) -> WheelMatrix:
    """Parse the fields of a wheel and of its extensions; everything wrong is told at once.

    An `abi3` wheel needs every extension in it to be `abi3`, so the newest of their `limited_api`s counts, and one
    extension without makes every build version-specific.

    :raises InvalidTargetError: with every problem.
    """
    platforms, pythons = tuple(platforms), tuple(pythons)
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
    return WheelMatrix(tuple(dict.fromkeys(parsed)), versions, abis_for(versions, common))


def pythons_of(pyproject: str, *, where: str) -> tuple[str, ...]:
    """The releases of CPython that a pyproject.toml's `requires-python` allows, of those that are known.

    :raises InvalidTargetError: for a text that is no specifier (PEP 440), and one that allows none.
    """
    declared = [match[2] for text in _project_tables(pyproject) for match in _REQUIRES_PYTHON.finditer(text)]
    text = declared[0] if declared else ""
    try:
        specifiers = SpecifierSet(text)
    except InvalidSpecifier as error:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {text!r} of its pyproject.toml is no version "
            f"specifier (PEP 440): {error}. Write for example `>=3.10`."
        ) from error
    allowed = [version for version in KNOWN_PYTHONS if _allows(specifiers, version)]
    if not allowed:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {text!r} of its pyproject.toml allows none of "
            f"{', '.join(KNOWN_PYTHONS)}. Correct it, or list `pythons`."
        )
    return tuple(allowed)


def check_pythons(versions: Iterable[PythonVersion], requires_python: str | None, *, where: str) -> None:
    """Refuse Pythons that could not install the wheel that is built for them.

    :param requires_python: the valid specifier of the wheel's metadata, if it has one.
    :raises InvalidTargetError: with all of them.
    """
    specifiers = SpecifierSet(requires_python or "")
    refused = [str(version) for version in versions if not _allows(specifiers, f"3.{version.minor}")]
    if refused:
        raise InvalidTargetError(
            f"{where} lists the Pythons {', '.join(refused)}, which the `requires-python` {requires_python!r} of its "
            "pyproject.toml does not allow, so that none of them could install the wheel. Correct one of the two."
        )


def _allows(specifiers: SpecifierSet, release: str) -> bool:
    """Whether some patch release of a feature release is allowed."""
    return specifiers.contains(f"{release}.0") or specifiers.contains(f"{release}.999")


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


def mentioned_paths(pyproject: str) -> tuple[str, ...]:
    """Every quoted string of a pyproject.toml's `[project]` that could be a path or glob beside it: readme, licenses.

    Which of them are, the tool that reads the metadata decides; this only decides what it gets to see. All of them are
    globs that Pants takes.
    """
    found = {double or single for text in _project_tables(pyproject) for double, single in _QUOTED.findall(text)}
    return tuple(sorted(text for text in found if _is_relative_glob(text)))


def _project_tables(pyproject: str) -> tuple[str, ...]:
    """The texts of a pyproject.toml's `[project]` and the tables below it."""
    # What is before the first table may have keys such as `project.readme`.
    root, *tables = _TABLE.split(pyproject)
    return (root, *(table for table in tables if re.match(r"""["']?project\b""", table)))


def _is_relative_glob(text: str) -> bool:
    """Whether a text is a valid glob of something beneath a directory, and of less than all of it."""
    parts = text.split("/")
    return (
        len(text) <= _LONGEST_PATH
        and not text.startswith(("/", "!"))
        and ".." not in parts
        and text.strip("*/. ") != ""
        and all(part == "**" or "**" not in part for part in parts)
        and all("[" not in _CHARACTER_CLASS.sub("", part) for part in parts)
    )
