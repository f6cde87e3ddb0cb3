"""What `develop` prints. Works without files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spokeshave_core.reports.develop import UnpackagedFile

_SHOWN = 30


@dataclass(frozen=True)
class Summary:
    """The outcome of a developer install.

    Attributes:
        environment: The environment, such as `/home/me/.venv (CPython 3.12.1)`.
        wheels: The distributions with their versions.
        written: The changed files of the tree and of the environment.
        removed: The files that no build makes any more.
        is_check: Whether nothing was written, so that `written` and `removed` are what a run would change.
        gitignore: The lines that .gitignore lacks.
        skipped: The fallbacks that are not written without these lines.
        unpackaged: The files in which the tree and the wheels differ.
        shadowed: What hides the source tree from the environment's Python.
        missing: The requirements that are not installed.
        pip: The command that installs them.
    """

    environment: str
    wheels: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    is_check: bool
    gitignore: tuple[str, ...]
    skipped: tuple[str, ...]
    unpackaged: tuple[UnpackagedFile, ...]
    shadowed: tuple[str, ...]
    missing: tuple[str, ...]
    pip: str

    @property
    def is_current(self) -> bool:
        """Return whether there is nothing to change."""
        return not self.written and not self.removed

    def render(self) -> str:
        """Return the text."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        verbs = ("would write", "would remove") if self.is_check else ("wrote", "removed")
        yield f"{', '.join(self.wheels)} in {self.environment}:"
        yield from _listed(verbs[0], self.written)
        yield from _listed(verbs[1], self.removed)
        if self.is_current:
            yield "  everything is up to date"
        if self.unpackaged:
            yield "The source tree and the wheels differ. With an installed wheel, these behave in another way:"
            width = max(len(file.path) for file in self.unpackaged[:_SHOWN])
            yield from (f"  {file.path.ljust(width)}  {file.reason}" for file in self.unpackaged[:_SHOWN])
            yield from _rest(len(self.unpackaged))
        for name in self.shadowed:
            yield f"{name} hides the source tree, as Python finds it first. Remove it."
        if self.gitignore:
            yield "Git does not ignore these files. Add to .gitignore (`--gitignore` does it):"
            yield from (f"  {line}" for line in self.gitignore)
        if self.skipped:
            yield "Without these lines, the error of an import for another Python does not name the command to run."
        if self.missing:
            yield f"Requirements that are not installed: {', '.join(self.missing)}. Install them:"
            yield f"  {self.pip}"


def _listed(verb: str, paths: tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {verb} {path}" for path in paths[:_SHOWN])
    yield from _rest(len(paths))


def _rest(count: int) -> Iterable[str]:
    return [f"  and {count - _SHOWN} more"] if count > _SHOWN else []
