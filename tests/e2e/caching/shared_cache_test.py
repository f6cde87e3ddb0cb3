"""Two runners that differ in every allowed way share a cache: the second one compiles nothing."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.cache_server import Server, serving
from e2e.support.project import PantsRun, Project, find_python, sha256
from spokeshave_core.home import spokeshave_home

TARGET = "shared:wheel"
STABLE = "--release-version-channel=stable"
# The results that a second runner must get from the cache. It runs smoke tests on its own Pythons itself.
SHARED = ("runtime pack", "compile", "link", "assemble", "repair", "verify", "stamp")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "cache") as started:
        yield started


@pytest.fixture(scope="module")
def headers() -> str:
    """Return the option that pins the headers of this machine's Pythons, like a repository's pants.toml."""
    pins = []
    for version in ("3.10", "3.12"):
        question = "import platform, sysconfig; print(platform.python_version(), sysconfig.get_paths()['include'])"
        asked = subprocess.run([find_python(version), "-c", question], capture_output=True, text=True, check=True)
        release, folder = asked.stdout.split()
        files = [path for path in Path(folder).rglob("*.h") if path.name != "pyconfig.h"]
        listed = sorted(f"./{path.relative_to(folder).as_posix()}" for path in files)
        listing = "".join(f"{sha256(Path(folder) / path)}  {path}\n" for path in listed)
        pins.append(f"'{version}': '{release}|{hashlib.sha256(listing.encode()).hexdigest()}'")
    return f"--python-headers-releases={{{', '.join(pins)}}}"


@pytest.fixture(scope="module")
def options(server: Server, headers: str) -> tuple[str, ...]:
    return (*server.options, headers, STABLE, "--keep-sandboxes=never")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, options: tuple[str, ...]) -> Project:
    """Run a runner with an empty store that fills the cache."""
    root = tmp_path_factory.mktemp("first")
    project = Project(Project.copy(root / "checkout", "shared").root, _place(root))
    project.pants(*options, "package", TARGET, daemon=False).checked()
    return project


@pytest.fixture(scope="module")
def second(
    tmp_path_factory: pytest.TempPathFactory,
    first: Project,  # noqa: ARG001 (fills the cache)
    options: tuple[str, ...],
) -> tuple[Project, PantsRun]:
    """Run another runner: another user, home, PATH, language, checkout and Pants folder, and no Python of its own."""
    root = tmp_path_factory.mktemp("second")
    compilers = root / "compilers"
    compilers.mkdir()
    for name in ("cc", "c++", "gcc", "g++", "clang", "ld"):
        (compilers / name).write_text("#!/bin/sh\necho another compiler\n")
        (compilers / name).chmod(0o755)
    (root / "pants-of-another").symlink_to(spokeshave_home())
    variables = {
        **_place(root),
        "HOME": str(root / "home of another"),
        "USER": "another",
        "LOGNAME": "another",
        "PATH": f"{compilers}:/usr/bin:/bin:/usr/sbin",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "PYENV_ROOT": str(root / "no pyenv"),
        "SPOKESHAVE_HOME": str(root / "pants-of-another"),
    }
    (root / "home of another").mkdir()
    project = Project(Project.copy(root / "another checkout/of it", "shared").root, variables)
    run = project.pants(*options, "--wheel-pythons-search-path=[]", "package", TARGET, daemon=False, umask=0o077)
    return project, run.checked()


def _place(root: Path) -> dict[str, str]:
    """Return options for a store and caches of a runner's own."""
    return {"PANTS_LOCAL_STORE_DIR": str(root / "store"), "PANTS_NAMED_CACHES_DIR": str(root / "named")}


def test_the_first_runner_did_all_of_it(first: Project) -> None:
    kinds = {kind: len(first.ran(TARGET, kind)) for kind in SHARED}
    assert min(kinds.values()) > 0, kinds


def test_the_second_runner_compiles_links_and_repairs_nothing(second: tuple[Project, PantsRun]) -> None:
    project, _ = second
    assert project.ran(TARGET, *SHARED) == []


def test_both_have_the_same_wheels(first: Project, second: tuple[Project, PantsRun]) -> None:
    hashes = {wheel.name: sha256(wheel) for wheel in first.wheels()}
    assert hashes
    assert hashes == {wheel.name: sha256(wheel) for wheel in second[0].wheels()}


def test_a_runner_that_only_hits_has_neither_toolchain_nor_tools(second: tuple[Project, PantsRun]) -> None:
    project, run = second
    assert run.ran("Install the packages", "List the packages") == []
    store = Path(project.variables["PANTS_LOCAL_STORE_DIR"])
    sizes = [path.stat().st_blocks * 512 for path in store.rglob("*") if path.is_file()]
    # The compiler alone has 170 MB.
    assert sum(sizes) < 100_000_000, sizes


def test_a_compiling_runner_installs_the_toolchain(
    second: tuple[Project, PantsRun], server: Server, options: tuple[str, ...]
) -> None:
    project, _ = second
    server.kill()
    source = "shared/engine/engine.cc"
    project.edit(source)
    run = project.pants(*options, "--wheel-pythons-search-path=[]", "package", TARGET, daemon=False).checked()
    assert [description.split()[1] for description in project.ran(TARGET, "compile")] == [source]
    assert project.ran(TARGET, "runtime pack") == []
    assert len(run.ran("Install the packages pinned in resource://spokeshave_pants.resources/ziglang.txt")) == 1
    assert "Failed to read from remote cache" in run.output
