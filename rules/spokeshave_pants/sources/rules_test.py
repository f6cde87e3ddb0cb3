"""Tests of source trees: an archive, a source distribution of an index, files of the repository."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from pants.core.target_types import FileTarget, GenericTarget
from pants.core.target_types import rules as core_target_rules
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import COMMON_TARGET_FIELDS, Dependencies, InferredDependencies, Target
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sources import rules as sources
from spokeshave_pants.sources.rules import InferSourceArchive, SourceTree, SourceTreeFieldSet, SourceTreeRequest
from spokeshave_pants.sources.target_types import SOURCE_TREE_FIELDS, PythonSdistTarget


class ProjectTarget(Target):
    alias = "project"
    core_fields = (*COMMON_TARGET_FIELDS, Dependencies, *SOURCE_TREE_FIELDS)


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as written:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            written.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = archive({"p-1.0/setup.py": b"raise SystemExit\n", "p-1.0/lib/a.c": b"int a;\n"})


def new_rule_runner(*options: str) -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *core_target_rules(),
            *sandbox_rules(),
            *sources.rules(),
            QueryRule(SourceTree, [SourceTreeRequest]),
            QueryRule(InferredDependencies, [InferSourceArchive]),
        ],
        target_types=[FileTarget, GenericTarget, ProjectTarget, PythonSdistTarget],
    )
    runner.set_options([*OPTIONS, *options], env_inherit=INHERITED)
    runner.write_files({"x/p-1.0.tar.gz": ARCHIVE, "x/src/b.c": "int b;\n"})
    return runner


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return new_rule_runner()


def tree_of(runner: RuleRunner, build: str) -> tuple[SourceTree, dict[str, bytes]]:
    runner.write_files({"x/BUILD": f'file(name="archive", source="p-1.0.tar.gz")\n{build}\n'})
    tree = runner.request(SourceTree, [SourceTreeRequest(Address("x", target_name="p"))])
    return tree, {file.path: file.content for file in runner.request(DigestContents, [tree.digest])}


def refusal(runner: RuleRunner, build: str) -> str:
    with pytest.raises(ExecutionError) as caught:
        tree_of(runner, build)
    (error,) = list(caught.value.wrapped_exceptions)
    assert isinstance(error, SpokeshaveError)
    return str(error)


def test_a_file_target_is_unpacked(runner: RuleRunner) -> None:
    tree, files = tree_of(runner, 'project(name="p", source=":archive", subdirectory="lib")')
    assert files == {"setup.py": b"raise SystemExit\n", "lib/a.c": b"int a;\n"}
    assert (tree.subdirectory, tree.archive_name) == ("lib", "p-1.0.tar.gz")


def test_files_of_the_repository_lose_their_folder(runner: RuleRunner) -> None:
    tree, files = tree_of(runner, 'project(name="p", sources=["src/**"])')
    assert (files, tree.archive_name) == ({"src/b.c": b"int b;\n"}, "")


def test_a_project_depends_on_its_archive(runner: RuleRunner) -> None:
    runner.write_files({"x/BUILD": 'file(name="archive", source="p-1.0.tar.gz")\nproject(name="p", source=":archive")'})
    target = runner.get_target(Address("x", target_name="p"))
    inferred = runner.request(InferredDependencies, [InferSourceArchive(SourceTreeFieldSet.create(target))])
    assert list(inferred.include) == [Address("x", target_name="archive")]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ('project(name="p")', "has neither `source` nor `sources`"),
        ('project(name="p", source=":archive", sources=["src/**"])', "has both `source` and `sources`"),
        ('project(name="p", source=":other")\ntarget(name="other")', "which is a `target` target"),
        ('project(name="p", source=":archive", subdirectory="src")', "The tree has lib, setup.py at the top"),
        ('project(name="p", source=":archive", strip_components=3)', "nothing is left of it"),
        (
            'project(name="p", source=":build")\nfile(name="build", source="BUILD")',
            "//x:p: BUILD: it is neither a tar file",
        ),
    ],
)
def test_wrong_sources_are_refused(runner: RuleRunner, build: str, message: str) -> None:
    assert message in refusal(runner, build).replace("x:p: BUILD", "//x:p: BUILD")


@pytest.fixture
def links(tmp_path: Path) -> RuleRunner:
    """A runner with a folder of packages besides the index."""
    (tmp_path / "spokeshave_test.tree-1.0.tar.gz").write_bytes(ARCHIVE)
    return new_rule_runner(f"--python-repos-find-links=['{tmp_path.as_uri()}']")


def sdist_project(runner: RuleRunner, sha256: str) -> str:
    runner.write_files({"x/pin.txt": f"spokeshave-test-tree==1.0 --hash=sha256:{sha256}\n"})
    return 'python_sdist(name="sdist", requirements="pin.txt")\nproject(name="p", source=":sdist")'


def test_an_sdist_is_downloaded_by_hash(links: RuleRunner) -> None:
    tree, files = tree_of(links, sdist_project(links, hashlib.sha256(ARCHIVE).hexdigest()))
    assert (set(files), tree.archive_name) == ({"setup.py", "lib/a.c"}, "spokeshave_test.tree-1.0.tar.gz")


def test_an_sdist_with_another_hash_is_refused(links: RuleRunner) -> None:
    text = refusal(links, sdist_project(links, "0" * 64))
    assert text.startswith("x:sdist (x/pin.txt): spokeshave-test-tree==1.0: ")
    assert hashlib.sha256(ARCHIVE).hexdigest() in text
