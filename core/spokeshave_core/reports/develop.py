"""What the goal `develop` asks of the command `spokeshave develop`: wheels, a source tree and an environment.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.json_values import from_value, parse_text, to_text, to_value


@dataclass(frozen=True)
class UnpackagedFile:
    """A file that Python finds in the source tree, and that no installed wheel has."""

    path: str
    reason: str


@dataclass(frozen=True)
class DevelopedWheel:
    """A wheel for the environment's Python.

    Attributes:
        target: The address of its target.
        wheel: The path of the file, from the folder in which the command runs.
        project: The folder of its pyproject.toml, from the build root.
        root: The source root for files of folders without Python sources, from the build root.
        sources: The files of the source tree in it: the path in the wheel, and the path from the build root.
        tree: If the project's own backend builds it, `sources` is empty, and these are the files of the project, from
            the build root. The command finds those of the wheel among them.
        unpackaged: The files in the folders of its packages that are not in it.
    """

    target: str
    wheel: str
    project: str
    root: str
    sources: dict[str, str]
    tree: tuple[str, ...]
    unpackaged: tuple[UnpackagedFile, ...]


@dataclass(frozen=True)
class DevelopRequest:
    """A developer install of wheels.

    Attributes:
        build_root: The absolute path of the source tree.
        state: The absolute path of the folder that records what was written.
        environment: The absolute path of the virtual environment.
        command: The command line that messages name, such as `./pants develop`.
        check: Only compare, and write nothing.
        gitignore: Add missing lines to the .gitignore of the build root.
        install: Install the missing requirements with pip.
    """

    build_root: str
    state: str
    environment: str
    command: str
    check: bool
    gitignore: bool
    install: bool
    wheels: tuple[DevelopedWheel, ...]

    def to_json(self) -> str:
        """Return the request as JSON text."""
        return to_text(to_value(self))

    @classmethod
    def from_json(cls, text: str) -> "DevelopRequest":
        """Return the request that `to_json` wrote.

        Raises:
            InvalidJsonError: If it is not one.
        """
        return from_value(cls, parse_text(text))
