"""The command `spokeshave develop`: put the native files of wheels into the source tree, and install them as editable.

Every step can be repeated: after a kill, the same command completes. The order is: the record of what will be written,
the source tree, the environment, files that are obsolete, and the final record.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from spokeshave.develop.environment import DeveloperEnvironment, inspect_environment
from spokeshave.develop.git import GitView, look_up
from spokeshave.develop.installation import EditableInstallation
from spokeshave.develop.requirements import missing_requirements
from spokeshave.develop.summary import Summary
from spokeshave.develop.tree import TreeChange, TreeFile, TreeFiles, remove_obsolete
from spokeshave.develop.written import WrittenFiles
from spokeshave.errors import ExitCode, InvalidInputsError
from spokeshave.requirement_text import parse_requirement
from spokeshave.setup_steps import exclusive
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.develop import DevelopedWheel, DevelopRequest, UnpackagedFile


@dataclass(frozen=True)
class Developed:
    """A wheel, what the tree lacks of it, and its installation."""

    wheel: DevelopedWheel
    tree: WheelTree
    files: TreeFiles
    installation: EditableInstallation

    @property
    def version(self) -> str:
        """Return the version of the wheel."""
        return str(self.tree.name.version)

    def requirements(self) -> list[Requirement]:
        """Return its requirements."""
        raw = read_core_metadata((self.tree.metadata("METADATA") or "").encode()).raw
        return [parse_requirement(text) for text in raw.get("requires_dist", [])]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--request", type=Path, required=True, help="the JSON file that says what to do")


def run(args: argparse.Namespace) -> int:
    """Make a developer install. With `check`, exit with 1 if there is anything to change."""
    request = DevelopRequest.from_json(args.request.read_text(encoding="utf-8"))
    environment = inspect_environment(Path(request.environment))
    with tempfile.TemporaryDirectory() as folder:
        developed = read_wheels(request, environment, Path(folder))
        with exclusive(Path(request.state), "develop"):
            summary = develop(request, environment, developed)
    sys.stdout.write(summary.render())
    if request.check:
        return ExitCode.OK if summary.is_current else ExitCode.USER_ERROR
    if request.install and summary.missing:
        return _install_requirements(environment, summary.missing)
    return ExitCode.OK


def read_wheels(request: DevelopRequest, environment: DeveloperEnvironment, folder: Path) -> list[Developed]:
    """Unpack the wheels of a request below a folder, and compare them with the source tree.

    Raises:
        InvalidInputsError: If a wheel is not for the environment's Python.
    """
    folders = (folder / str(number) for number in range(len(request.wheels)))
    return [_read(request, wheel, environment, place) for wheel, place in zip(request.wheels, folders)]


def _read(request: DevelopRequest, wheel: DevelopedWheel, environment: DeveloperEnvironment, folder: Path) -> Developed:
    tree = unpack(Path(wheel.wheel), folder)
    if not environment.interpreter.fits(tree.name.tag):
        message = f"{wheel.target}: {environment.interpreter.misfit(tree.name.tag)}"
        raise InvalidInputsError(Problem(str(environment.prefix), message, "Use an environment of another Python."))
    root = Path(request.build_root)
    files = TreeFiles.of(tree, wheel, root, environment.cache_tag, request.command)
    roots = [root if path == "." else root / path for path in files.roots]
    project = root if wheel.project == "." else root / wheel.project
    installation = EditableInstallation.of(tree, environment, roots, project)
    return Developed(wheel=wheel, tree=tree, files=files, installation=installation)


def develop(request: DevelopRequest, environment: DeveloperEnvironment, developed: list[Developed]) -> Summary:
    """Change the source tree and the environment, or only compare them.

    Raises:
        SpokeshaveError: For all reasons that files cannot be written, before any is.
    """
    state = Path(request.state)
    root = Path(request.build_root)
    written = WrittenFiles.read(state)
    files = _merged(developed)
    obsolete = [path for each in developed for path in written.only_of(each.files.owner, files)]
    if request.gitignore and not request.check:
        _add_lines(root, files, request.command)
    git = look_up(root, {*files, *obsolete})
    change = TreeChange(root, files, _gitignore_lines(root))
    change.decide(git, written, request.command)
    for each in developed:
        each.installation.check()
    if request.check:
        changed = change.differences()
        installed = [line for each in developed for line in each.installation.lines(each.installation.differences())]
        removed = [path for path in obsolete if (root / path).exists()]
    else:
        changed, removed = _apply(change, obsolete, developed, git, written, state)
        installed = [line for each in developed for line in each.installation.lines(each.installation.install())]
    required = [requirement for each in developed for requirement in each.requirements()]
    present = {**environment.installed(), **{each.tree.name.project: each.version for each in developed}}
    missing = tuple(missing_requirements(required, environment.interpreter.markers, present))
    return Summary(
        environment=f"{environment.prefix} ({environment.interpreter})",
        wheels=tuple(f"{each.installation.name} {each.version}" for each in developed),
        written=(*changed, *installed),
        removed=tuple(removed),
        is_check=request.check,
        gitignore=tuple(change.unignored),
        skipped=tuple(change.skipped),
        unpackaged=_unpackaged(developed, written),
        shadowed=tuple(_shadows(environment, developed)),
        missing=missing,
        pip=shlex.join(_pip(environment, missing)),
    )


def _merged(developed: Iterable[Developed]) -> dict[str, TreeFile]:
    """Return the files of all wheels.

    Raises:
        InvalidInputsError: For files that two wheels have with other contents.
    """
    problems = Problems()
    merged: dict[str, TreeFile] = {}
    owners: dict[str, str] = {}
    for each in developed:
        for path, file in each.files.files.items():
            if path in merged and merged[path] != file:
                message = f"is made by {owners[path]} and by {each.wheel.target}, with other contents"
                problems.add(path, message, "Develop one of them, or use a checkout for each.")
            merged[path] = file
            owners[path] = each.wheel.target
    problems.raise_if_any(InvalidInputsError)
    return merged


def _apply(
    change: TreeChange,
    obsolete: Iterable[str],
    developed: Iterable[Developed],
    git: GitView,
    written: WrittenFiles,
    state: Path,
) -> tuple[list[str], list[str]]:
    """Change the source tree. Return the paths that were written and removed."""
    final = written
    intended = written
    for each in developed:
        own = {path: change.files[path].sha256 for path in each.files.files if path in change.files}
        intended = intended.with_files(each.files.owner, own, keep_earlier=True)
        final = final.with_files(each.files.owner, own, keep_earlier=False)
    intended.write(state)
    changed = change.write(state / "partial")
    removed = remove_obsolete(change.build_root, obsolete, git, intended)
    final.write(state)
    return changed, removed


def _gitignore_lines(root: Path) -> frozenset[str]:
    try:
        return frozenset((root / ".gitignore").read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return frozenset()


def _add_lines(root: Path, files: dict[str, TreeFile], command: str) -> None:
    """Add the lines that .gitignore lacks."""
    change = TreeChange(root, dict(files), _gitignore_lines(root))
    lines = change.missing_lines(look_up(root, files))
    if not lines:
        return
    path = root / ".gitignore"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    space = "" if not old else "\n" if old.endswith("\n") else "\n\n"
    text = f"{space}# Written by `{command}`\n" + "".join(f"{line}\n" for line in lines)
    # In place and at once: Pants' daemon, which restarts for a new .gitignore, may miss a file that is replaced.
    with path.open("ab", buffering=0) as stream:
        stream.write(text.encode())


def _unpackaged(developed: Iterable[Developed], written: WrittenFiles) -> tuple[UnpackagedFile, ...]:
    """Return the files in which the source tree and the wheels differ, without those that are written."""
    developed = tuple(developed)
    own = {path for each in developed for path in each.files.files}
    found = (file for each in developed for file in (*each.files.differing, *each.wheel.unpackaged))
    return tuple(file for file in found if file.path not in own and not written.hashes(file.path))


def _shadows(environment: DeveloperEnvironment, developed: Iterable[Developed]) -> list[str]:
    """Return the packages of the environment that Python finds before those of the source tree."""
    found = []
    for each in developed:
        for name in each.files.names:
            candidates = (environment.packages / name, environment.packages / f"{name}.py")
            found += [str(path) for path in candidates if path.is_file() or (path / "__init__.py").is_file()]
    return sorted(set(found))


def _pip(environment: DeveloperEnvironment, missing: Iterable[str]) -> list[str]:
    return [str(environment.python), "-m", "pip", "install", *missing]


def _install_requirements(environment: DeveloperEnvironment, missing: Iterable[str]) -> int:
    sys.stdout.flush()
    result = subprocess.run(_pip(environment, missing), check=False)
    return ExitCode.OK if result.returncode == 0 else ExitCode.USER_ERROR
