"""The releases of CPython that a `requires-python` allows, by PEP 440."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, Specifier

from spokeshave_core.cpython_releases import MAINTAINED
from spokeshave_core.problems import Problems, bullet_list
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError

# Greater than every patch release: no feature release of CPython 3 reached 3.X.30.
_PATCHES = range(100)


@dataclass(frozen=True)
class RequiresPython:
    """A valid `requires-python`. One without specifiers allows everything."""

    text: str
    specifiers: tuple[Specifier, ...]

    @classmethod
    def parse(cls, text: str | None) -> RequiresPython:
        """Parse the text from a pyproject.toml.

        Raises:
            InvalidSpecifier: If it is not a specifier set by PEP 440.
        """
        parts = [part.strip() for part in (text or "").split(",")]
        return cls(text or "", tuple(Specifier(part) for part in parts if part))

    @classmethod
    def or_any(cls, text: str | None) -> RequiresPython:
        """Parse like `parse`, but allow everything for an invalid specifier set, which the tools report."""
        try:
            return cls.parse(text)
        except InvalidSpecifier:
            return cls("", ())

    def allows_release(self, version: str) -> bool:
        """Return whether a full version such as `3.12.1` can install the wheel. Pre-releases count, as in pip."""
        return all(specifier.contains(version, prereleases=True) for specifier in self.specifiers)

    def allows(self, feature: str) -> bool:
        """Return whether any patch release of a feature release such as `3.12` is allowed."""
        return any(self.allows_release(f"{feature}.{patch}") for patch in _PATCHES)

    def cut_short(self, feature: str) -> str | None:
        """Return the specifier that allows only `3.12.0` of 3.12, such as `<=3.12`, which is probably a mistake."""
        if not self.allows_release(f"{feature}.0") or self.allows_release(f"{feature}.{_PATCHES[-1]}"):
            return None
        for specifier in self.specifiers:
            if specifier.operator in ("<=", "==") and specifier.version == feature:
                return str(specifier)
        return None


def pythons_of(requires_python: str | None, *, where: str) -> tuple[str, ...]:
    """Return the maintained feature releases that a `requires-python` allows.

    Raises:
        InvalidTargetError: If it is not a specifier set, allows no release, or allows only the first patch release of
            one.
    """
    try:
        requires = RequiresPython.parse(requires_python)
    except InvalidSpecifier as error:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {requires_python!r} of its pyproject.toml is "
            f"not a valid version specifier (PEP 440): {error}. Write for example `>={MAINTAINED[0]}`."
        ) from error
    allowed = [version for version in MAINTAINED if requires.allows(version)]
    if not allowed:
        raise InvalidTargetError(
            f"{where} lists no `pythons`, and the `requires-python` {requires_python!r} of its pyproject.toml allows "
            f"none of {', '.join(MAINTAINED)}. Correct it, or list `pythons`."
        )
    _refuse_cut_short(requires, allowed, where=where)
    return tuple(allowed)


def check_pythons(versions: Iterable[PythonVersion], requires_python: str | None, *, where: str) -> None:
    """Check that each listed Python can install the wheel.

    Args:
        requires_python: The text from the pyproject.toml. An invalid specifier set is left to the tools, which report
            it with all other problems of the file.

    Raises:
        InvalidTargetError: For all Pythons that cannot.
    """
    requires = RequiresPython.or_any(requires_python)
    by_text = {str(version): f"3.{version.minor}" for version in versions}
    refused = [text for text, feature in by_text.items() if not requires.allows(feature)]
    if refused:
        raise InvalidTargetError(
            f"{where} lists the Pythons {', '.join(refused)}, which the `requires-python` {requires_python!r} of its "
            "pyproject.toml does not allow, so none of them could install the wheel. Correct one of the two."
        )
    _refuse_cut_short(requires, by_text.values(), where=where)


def _refuse_cut_short(requires: RequiresPython, features: Iterable[str], *, where: str) -> None:
    problems = Problems()
    for feature in dict.fromkeys(features):
        specifier = requires.cut_short(feature)
        if specifier is not None:
            problems.add_text(f"{specifier!r} excludes {feature}.1 and later. {_remedy(specifier)}")
    problems.raise_if_any(
        InvalidTargetError,
        render=lambda found: (
            f"{where} is built for Pythons, but most releases of these Pythons cannot install it, according to the "
            f"`requires-python` "
            f"{requires.text!r} of its pyproject.toml:\n{bullet_list(found)}"
        ),
    )


def _remedy(specifier: str) -> str:
    feature = specifier.lstrip("<=")
    following = f"3.{int(feature.partition('.')[2]) + 1}"
    return f"Write '<{following}'." if specifier.startswith("<=") else f"Write '=={feature}.*'."
