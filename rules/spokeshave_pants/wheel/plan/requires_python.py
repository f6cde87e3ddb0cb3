"""The releases of CPython that a `requires-python` allows, by PEP 440."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, Specifier

from spokeshave_pants.errors import InvalidTargetError, Problems, bullet_list
from spokeshave_pants.python_abi import PythonVersion

# The releases that a wheel is built for where it does not say.
KNOWN_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# Above every patch release, past and future: no feature release of CPython 3 got to 3.X.30.
_PATCHES = range(100)


@dataclass(frozen=True)
class RequiresPython:
    """A valid `requires-python`; one without specifiers allows everything."""

    text: str
    specifiers: tuple[Specifier, ...]

    @classmethod
    def parse(cls, text: str | None) -> RequiresPython:
        """Read the text of a pyproject.toml.

        Raises:
            InvalidSpecifier: for what is not a specifier set of PEP 440.
        """
        parts = [part.strip() for part in (text or "").split(",")]
        return cls(text or "", tuple(Specifier(part) for part in parts if part))

    @classmethod
    def or_any(cls, text: str | None) -> RequiresPython:
        """As `parse`; what is not a specifier set, which the tools report, allows everything."""
        try:
            return cls.parse(text)
        except InvalidSpecifier:
            return cls("", ())

    def allows_release(self, version: str) -> bool:
        """Whether a full version such as `3.12.1` can install the wheel; pip admits pre-releases."""
        return all(specifier.contains(version, prereleases=True) for specifier in self.specifiers)

    def allows(self, feature: str) -> bool:
        """Whether a patch release of a feature release such as `3.12` is allowed."""
        return any(self.allows_release(f"{feature}.{patch}") for patch in _PATCHES)

    def cut_short(self, feature: str) -> str | None:
        """The specifier that leaves `3.12.0` alone of all 3.12, such as `<=3.12`, where a feature release was meant."""
        if not self.allows_release(f"{feature}.0") or self.allows_release(f"{feature}.{_PATCHES[-1]}"):
            return None
        for specifier in self.specifiers:
            if specifier.operator in ("<=", "==") and specifier.version == feature:
                return str(specifier)
        return None


def pythons_of(requires_python: str | None, *, where: str) -> tuple[str, ...]:
    """The feature releases of `KNOWN_PYTHONS` that a `requires-python` allows.

    Raises:
        InvalidTargetError: if it is not a specifier set, allows none of them, or leaves out all but the first patch
            release of one.
    """
    try:
        requires = RequiresPython.parse(requires_python)
    except InvalidSpecifier as error:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {requires_python!r} of its pyproject.toml is "
            f"not a valid version specifier (PEP 440): {error}. Write for example `>=3.10`."
        ) from error
    allowed = [version for version in KNOWN_PYTHONS if requires.allows(version)]
    if not allowed:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {requires_python!r} of its pyproject.toml allows "
            f"none of {', '.join(KNOWN_PYTHONS)}. Correct it, or list `pythons`."
        )
    _refuse_cut_short(requires, allowed, where=where)
    return tuple(allowed)


def check_pythons(versions: Iterable[PythonVersion], requires_python: str | None, *, where: str) -> None:
    """Refuse Pythons that could not install the wheel that is built for them.

    Args:
        requires_python: the text of the pyproject.toml. One that is not a specifier set is left to the tools, which
            report it with all else that is wrong in the file.

    Raises:
        InvalidTargetError: with all of them.
    """
    requires = RequiresPython.or_any(requires_python)
    by_text = {str(version): f"3.{version.minor}" for version in versions}
    refused = [text for text, feature in by_text.items() if not requires.allows(feature)]
    if refused:
        raise InvalidTargetError(
            f"{where} lists the Pythons {', '.join(refused)}, which the `requires-python` {requires_python!r} of its "
            "pyproject.toml does not allow, so that none of them could install the wheel. Correct one of the two."
        )
    _refuse_cut_short(requires, by_text.values(), where=where)


def _refuse_cut_short(requires: RequiresPython, features: Iterable[str], *, where: str) -> None:
    problems = Problems()
    for feature in dict.fromkeys(features):
        specifier = requires.cut_short(feature)
        if specifier is not None:
            problems.add_text(f"{specifier!r} leaves out {feature}.1 and later. {_remedy(specifier)}")
    problems.raise_if_any(
        InvalidTargetError,
        render=lambda found: (
            f"{where} is built for Pythons most releases of which cannot install it, by the `requires-python` "
            f"{requires.text!r} of its pyproject.toml:\n{bullet_list(found)}"
        ),
    )


def _remedy(specifier: str) -> str:
    feature = specifier.lstrip("<=")
    following = f"3.{int(feature.partition('.')[2]) + 1}"
    return f"Write '<{following}'." if specifier.startswith("<=") else f"Write '=={feature}.*'."
