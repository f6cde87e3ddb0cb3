"""Commands that write files, killed at each of their changes or refused one: what they leave, and a rerun."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spokeshave.cli import main
from spokeshave.testing.killing_fixtures import Trial, assert_one_error, faults, tree_of
from spokeshave.testing.native_fixtures import MANYLINUX, build_wheel, link_bare, module_source
from spokeshave.testing.promotion_fixtures import seal_wheels
from spokeshave.testing.release_fixtures import VERSION, write_reports, write_wheels
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Action, Watch
from spokeshave.testing.wheel_fixtures import FILES, PYPROJECT, make_wheel, write_tree

pytestmark = needs_system_calls
NATIVE = "cp310-abi3-linux_x86_64"


@dataclass(frozen=True)
class Case:
    """A command, with the arguments but those of its outputs.

    Attributes:
        earlier: The arguments of a run whose outputs are there before, with other bytes at the same paths.
        output: The output's path in the folder of outputs, which is the output itself by default.
        is_continued: Whether what a failed run leaves is what the next one continues with.
    """

    arguments: tuple[str, ...]
    earlier: tuple[str, ...] | None = None
    output: str = ""
    is_continued: bool = False


def assemble(folder: Path) -> Case:
    """Assemble a wheel, where there is one with another file."""

    def arguments(payload: Path) -> tuple[str, ...]:
        options = ("--tag", "py3-none-any", "--version-module", "abacus_runtime/_version.py")
        return ("assemble", "--pyproject", f"{folder}/pyproject.toml", "--payload", str(payload), *options)

    write_tree(folder, {"pyproject.toml": PYPROJECT})
    first = write_tree(folder / "first", {**FILES, "abacus_runtime/old.py": ""})
    return Case(arguments(write_tree(folder / "second", FILES)), arguments(first))


def stamp(folder: Path) -> Case:
    """Stamp a wheel with a version module, where the wheel of another commit is."""
    arguments = ("stamp", "--wheel", str(make_wheel(folder).path), "--version", "1.0")
    return Case(arguments, (*arguments, "--commit", "ab" * 20))


def repair(folder: Path) -> Case:
    """Repair a wheel that needs a library, where the repaired wheel of another extension is."""
    visible = '__attribute__((visibility("default")))'
    source = f"{visible} int size(void) {{ return 4; }}"
    core = link_bare(folder / "libcore.so.1", source, MANYLINUX, "-Wl,-soname,libcore.so.1")

    def arguments(name: str) -> tuple[str, ...]:
        source = module_source("native", "if (size() != 4) return 0;", f"extern int size(void); int {name} = 1;")
        extension = link_bare(folder / name / "native.abi3.so", source, MANYLINUX, str(core))
        wheel = build_wheel(folder / name, {"demo/__init__.py": "", "demo/native.abi3.so": extension}, NATIVE)
        return ("repair", "--wheel", str(wheel), "--platform", MANYLINUX, "--library-dir", str(folder))

    return Case(arguments("second"), arguments("first"))


def seal(folder: Path) -> Case:
    """Seal a set with reports of its tests. A sealed record is never changed, so there is none before."""
    write_reports(folder / "reports", write_wheels(folder / "wheels"))
    given = ("--wheels", f"{folder}/wheels", "--reports", f"{folder}/reports")
    return Case(("release", "seal", *given, "--name", "abacus", "--version", VERSION), output="record")


def promote(folder: Path) -> Case:
    """Promote a candidate."""
    record = seal_wheels(folder, write_wheels(folder / "wheels"))
    return Case(("release", "promote", str(record), "--version", "3.12.0"), output="record")


def fetch(folder: Path) -> Case:
    """Fetch a record from an index."""
    record = seal_wheels(folder, write_wheels(folder / "wheels"))
    assert main(["index", "add", str(record), f"{folder}/site"]) == 0
    return Case(
        ("release", "fetch", f"abacus=={VERSION}", "--from", f"index:{folder}/site"), output="record", is_continued=True
    )


@dataclass(frozen=True)
class Work:
    """A case with the folder of its outputs.

    Attributes:
        old: The state before.
        new: The state after an undisturbed run.
    """

    case: Case
    folder: Path
    old: dict[str, bytes | str]
    new: dict[str, bytes | str]

    @classmethod
    def of(cls, case: Case, folder: Path) -> Work:
        """Run the earlier command and the command once."""
        work = cls(case=case, folder=folder, old={}, new={})
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if case.earlier:
            assert work.run(case.earlier) == 0
        shutil.copytree(folder, folder.with_name("old"), dirs_exist_ok=True)
        old = tree_of(folder)
        assert work.run(case.arguments) == 0
        return cls(case=case, folder=folder, old=old, new=tree_of(folder))

    def run(self, arguments: tuple[str, ...]) -> int:
        """Run the command."""
        output = str(self.folder / self.case.output)
        return main([*arguments, "--output", output, "--report", str(self.folder / "report.json")])

    def prepared(self) -> Callable[[], int]:
        """Restore the old state, and return the command."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.folder.with_name("old"), self.folder)
        return lambda: self.run(self.case.arguments)

    def assert_whole(self, *, is_alive: bool) -> None:
        """Each file is the old or the new one, and a rerun makes the same as an undisturbed run, and nothing else.

        Args:
            is_alive: Whether the command ended by itself, with a report of its failure and without drafts.
        """
        assert self.old.keys() & self.new.keys() <= tree_of(self.folder).keys()
        for name, content in tree_of(self.folder).items():
            is_failure = name == "report.json" and is_alive and b'"problems"' in content
            if not name.startswith(".") and not is_failure:
                assert content in (self.old.get(name), self.new.get(name)), name
            assert not is_alive or self.case.is_continued or not name.startswith("."), name
        if self.case.output and (self.folder / self.case.output).exists():
            record = {name for name in self.new if name.startswith(f"{self.case.output}/")}
            assert record <= tree_of(self.folder).keys()
        assert self.run(self.case.arguments) == 0
        assert _without_report(tree_of(self.folder)) == _without_report(self.new)


def _without_report(tree: dict[str, bytes | str]) -> dict[str, bytes | str]:
    """Return the files but the report, which says what a run found already."""
    return {name: content for name, content in tree.items() if name != "report.json"}


CASES = [assemble, stamp, repair, seal, promote, fetch]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.__name__)
def work(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp(request.param.__name__)
    return Work.of(request.param(folder), folder / "work")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, which the system empties."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_killed_command_leaves_whole_files(work: Work) -> None:
    for _ in Trial(work.prepared, Watch((work.folder,)), most=6).runs():
        work.assert_whole(is_alive=False)


def test_a_full_disk_is_one_error(work: Work) -> None:
    for run in faults(work.prepared, work.folder, most=6):
        if run.exit_code:
            assert_one_error(run)
        work.assert_whole(is_alive=True)


def test_a_killed_program_of_a_repair_is_an_error(work: Work, temporary: Path) -> None:
    """Of the temporary files that a repair changes too, where patchelf is killed alone."""
    if work.case.arguments[0] == "repair":
        watch = Watch((work.folder, temporary))
        for run in Trial(work.prepared, watch, (Action.KILL, Action.ALONE), most=12).runs():
            assert run.exit_code in (-9, 1)
            assert "Traceback" not in run.output
            work.assert_whole(is_alive=run.exit_code != -9)
        for run in faults(work.prepared, temporary, most=6):
            # Python tries another folder, and ignores what it cannot remove.
            if run.exit_code:
                assert_one_error(run)
            work.assert_whole(is_alive=True)
