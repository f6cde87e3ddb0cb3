"""Tests of developer installs: the source tree, the environment, what is refused, and kills at any step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.develop.command import develop, read_wheels
from spokeshave.develop.environment import inspect_environment
from spokeshave.testing.killing_fixtures import kills, tree_of
from spokeshave.testing.native_fixtures import MANYLINUX, build_wheel, link_bare, module_source
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave_core.reports.develop import DevelopedWheel, DevelopRequest, UnpackagedFile

if not sys.platform.startswith("linux"):
    pytest.skip("the native files are for Linux", allow_module_level=True)

PACKAGES = f"lib/python3.{sys.version_info[1]}/site-packages"
TAG = f"cp38-abi3-{MANYLINUX}"
SOURCES = {
    "vm/__init__.py": "from vm._version import version\n",
    "vm/cli.py": "import vm._native\ndef main():\n    print('ran')\n",
    "vm/data.txt": "data",
}
VERSION = "version = '1.0.dev0+unstamped'\n"
IGNORED = "/src/vm/_native.*.so\n/src/vm/_native.py\n/src/vm/_version.py\n/src/vm.libs/\n/.pants.d/\n"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds of one extension."""
    folder = tmp_path_factory.mktemp("builds")
    first, second = (
        link_bare(folder / f"{number}.so", module_source("_native", code=f"int marker = {number};"), MANYLINUX)
        for number in (1, 2)
    )
    return first, second


@dataclass(frozen=True)
class Checkout:
    """A source tree in git, and a virtual environment."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "repo"

    @property
    def environment(self) -> Path:
        return self.folder / "venv"

    @property
    def packages(self) -> Path:
        return self.environment / PACKAGES

    def wheel(self, files: Mapping[str, str | Path], metadata: str = "") -> DevelopedWheel:
        """Build a wheel of the sources and of other files."""
        entry_points = "[console_scripts]\nvm-run = vm.cli:main\n"
        contents = {**SOURCES, "vm/_version.py": VERSION, "dist-info/entry_points.txt": entry_points, **files}
        out = self.folder / f"wheel-{len(list(self.folder.iterdir()))}"
        out.mkdir()
        built = build_wheel(out, contents, TAG, "vm", metadata, version="1.0.dev0+unstamped")
        sources = {path: f"src/{path}" for path in SOURCES}
        return DevelopedWheel(
            target="src:wheel", wheel=str(built), project="src", root="src", sources=sources, tree=(), unpackaged=()
        )

    def request(self, *wheels: DevelopedWheel) -> DevelopRequest:
        return DevelopRequest(
            build_root=str(self.root),
            state=str(self.root / ".pants.d/spokeshave"),
            environment=str(self.environment),
            command="./pants develop",
            check=False,
            gitignore=False,
            install=False,
            wheels=wheels,
        )

    def run(self, request: DevelopRequest) -> int:
        """Run the command."""
        (self.folder / "request.json").write_text(request.to_json())
        return main(["develop", "--request", str(self.folder / "request.json")])

    def python(self, code: str, cwd: Path | None = None) -> str:
        command = [str(self.environment / "bin/python"), "-c", code]
        done = subprocess.run(command, cwd=cwd or self.folder, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    for path, text in SOURCES.items():
        (made.root / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        (made.root / "src" / path).write_text(text)
    (made.root / ".gitignore").write_text(IGNORED)
    made.git("init", "-q")
    made.git("add", ".")
    venv.create(made.environment, with_pip=False, symlinks=True)
    return made


def test_python_imports_the_tree_and_finds_the_metadata(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    assert checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]}))) == 0
    # A folder with the package's name, as at the root of many repositories.
    (checkout.folder / "vm").mkdir()
    names = "import vm._native, importlib.metadata as m; print(vm._native.__file__, vm.version, m.version('vm'))"
    assert checkout.python(names) == f"{checkout.root}/src/vm/_native.abi3.so 1.0.dev0+unstamped 1.0.dev0+unstamped"
    script = subprocess.run([checkout.environment / "bin/vm-run"], capture_output=True, text=True, check=True)
    assert script.stdout == "ran\n"
    assert (checkout.packages / "__editable__.vm.pth").read_text() == f"{checkout.root}/src\n"
    url = json.loads((checkout.packages / "vm-1.0.dev0+unstamped.dist-info/direct_url.json").read_text())
    assert url == {"dir_info": {"editable": True}, "url": (checkout.root / "src").as_uri()}


def test_pip_uninstalls_all_files_of_the_environment(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    before = tree_of(checkout.environment)
    checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]})))
    assert tree_of(checkout.environment) != before
    pip = [sys.executable, "-m", "pip", "--python", str(checkout.environment / "bin/python")]
    subprocess.run([*pip, "uninstall", "--yes", "vm"], check=True, capture_output=True)
    assert tree_of(checkout.environment) == before


def test_only_what_changed_is_written(
    checkout: Checkout, builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first = checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0], "vm/_other.abi3.so": builds[0]}))
    (checkout.root / ".gitignore").write_text(f"{IGNORED}/src/vm/_other.*\n")
    assert checkout.run(first) == 0
    native = checkout.root / "src/vm/_native.abi3.so"
    files = [*checkout.packages.rglob("*"), *(checkout.root / "src/vm").iterdir()]
    times = {path: path.stat().st_mtime_ns for path in files if path.is_file()}
    running = native.open("rb")
    assert checkout.run(replace(first, check=True)) == 0
    edited = checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[1], "vm/_other.abi3.so": builds[0]}))
    assert checkout.run(replace(edited, check=True)) == 1
    assert native.read_bytes() == builds[0].read_bytes()
    capsys.readouterr()
    assert checkout.run(edited) == 0
    assert [path for path, time in times.items() if path.stat().st_mtime_ns != time] == [native]
    assert "wrote src/vm/_native.abi3.so" in capsys.readouterr().out
    # A running Python keeps the file that it has open.
    assert running.read() == builds[0].read_bytes()
    running.close()


def test_files_that_no_build_makes_are_removed(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    (checkout.root / ".gitignore").write_text(f"{IGNORED}/src/vm/_o*\n/src/vm/kept.*\n")
    both = {"vm/_native.abi3.so": builds[0], "vm/_old.abi3.so": builds[0], "vm/kept.so": builds[0]}
    checkout.run(checkout.request(checkout.wheel(both)))
    (checkout.root / "src/vm/kept.so").write_text("of the user")
    checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]})))
    found = {path.name for path in (checkout.root / "src/vm").iterdir()} - {"__pycache__"}
    own = {"_native.abi3.so", "_native.py", "_version.py"}
    assert found == {*own, *(Path(path).name for path in SOURCES), "kept.so"}


def test_files_of_another_python_stay(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]})))
    record = checkout.root / ".pants.d/spokeshave/develop.json"
    owners = json.loads(record.read_text())
    (files,) = owners.values()
    record.write_text(json.dumps({**owners, "vm cpython-398": files}))
    checkout.run(checkout.request(checkout.wheel({})))
    assert (checkout.root / "src/vm/_native.abi3.so").exists()


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (
            lambda checkout: checkout.git("add", "-f", "src/vm/_native.abi3.so"),
            "src/vm/_native.abi3.so: is a file that the build makes, but git tracks it\n    Remove it from the "
            "repository (`git rm --cached src/vm/_native.abi3.so`)",
        ),
        (
            lambda checkout: (checkout.root / ".gitignore").write_text("/src/vm/_version.py\n"),
            "src/vm/_native.abi3.so: exists, and neither was it written by an earlier run nor does git ignore it",
        ),
        (
            lambda checkout: (checkout.root / ".gitignore").write_text("*.so\n"),
            "does not list generated files, which Pants would then take for sources:\n    /src/vm/_version.py\n"
            "    Add these lines, or run `./pants develop --gitignore`",
        ),
    ],
    ids=["tracked", "of the user", "seen by Pants"],
)
def test_nothing_is_written_over_files_of_the_user(
    checkout: Checkout,
    builds: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[Checkout], object],
    expected: str,
) -> None:
    (checkout.root / "src/vm/_native.abi3.so").write_text("of the user")
    prepare(checkout)
    before = tree_of(checkout.root), tree_of(checkout.environment)
    assert checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]}))) == 1
    assert expected in capsys.readouterr().err
    after = {path: text for path, text in tree_of(checkout.root).items() if not path.startswith(".pants.d/")}
    assert (after, tree_of(checkout.environment)) == before


def test_files_of_a_backend_wheel_are_found_in_the_tree(
    checkout: Checkout, builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.root / "src/vm/unused.py").write_text("")
    wheel = checkout.wheel({"vm/_native.abi3.so": builds[0]})
    tree = (*sorted(wheel.sources.values()), "src/vm/unused.py")
    request = checkout.request(replace(wheel, sources={}, tree=tree, root=".", project="."))
    assert checkout.run(request) == 0
    assert checkout.python("import vm; print(vm.__file__)") == f"{checkout.root}/src/vm/__init__.py"
    assert (checkout.root / "src/vm/_native.abi3.so").read_bytes() == builds[0].read_bytes()
    assert "src/vm/unused.py  is not in the wheel: the project's build leaves it out" in capsys.readouterr().out


def test_native_files_of_a_backend_wheel_must_be_ignored(
    checkout: Checkout, builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.root / ".gitignore").write_text("/src/vm/_version.py\n")
    wheel = checkout.wheel({"vm/_native.abi3.so": builds[0]})
    request = checkout.request(replace(wheel, sources={}, tree=tuple(wheel.sources.values())))
    assert checkout.run(request) == 1
    assert "which Pants would then take for sources:\n    /src/vm/_native.*.so\n" in capsys.readouterr().err
    assert not (checkout.root / "src/vm/_native.abi3.so").exists()


def test_lines_of_gitignore_are_added_once(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    (checkout.root / ".gitignore").write_text("# ours")
    wheel = checkout.wheel({"vm/_native.abi3.so": builds[0], "vm.libs/libx.so": builds[0]})
    request = replace(checkout.request(wheel), gitignore=True)
    assert [checkout.run(request), checkout.run(request)] == [0, 0]
    lines = ["/src/vm/_native.*.so", "/src/vm/_native.py", "/src/vm/_version.py", "/src/vm.libs/"]
    text = (checkout.root / ".gitignore").read_text()
    assert text == "# ours\n\n# Written by `./pants develop`\n" + "".join(f"{line}\n" for line in sorted(lines))


def test_an_import_of_another_python_names_the_command(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]})))
    (checkout.root / "src/vm/_native.abi3.so").rename(checkout.root / "src/vm/_native.cpython-398-x86_64-linux-gnu.so")
    message = checkout.python("import vm._native")
    assert "ModuleNotFoundError: vm._native is not built for this Python (cpython-3" in message
    assert "are: _native.cpython-398-x86_64-linux-gnu.so. In the repository, run:" in message
    assert f"./pants develop --venv={checkout.environment} src:wheel" in message


def test_an_installed_wheel_is_replaced(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(checkout.environment / "bin/python")]
    old = build_wheel(
        checkout.folder, {"vm/__init__.py": "old = 1", "vm/old.py": ""}, "py3-none-any", "vm", version="0.9"
    )
    subprocess.run([*pip, "install", "--no-index", old], check=True, capture_output=True)
    assert checkout.run(checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[0]}))) == 0
    assert {path.name for path in checkout.packages.iterdir()} == {
        "__editable__.vm.pth",
        "vm-1.0.dev0+unstamped.dist-info",
    }


def test_differences_and_missing_requirements_are_shown(
    checkout: Checkout, builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = "Requires-Dist: numpy>=1.20\nRequires-Dist: colorama; sys_platform == 'win32'\nRequires-Dist: vm\n"
    wheel = checkout.wheel({"vm/_native.abi3.so": builds[0], "vm/data.txt": "changed"}, metadata)
    unpackaged = (UnpackagedFile("src/vm/extra.py", "is not in the wheel: no target owns it"),)
    (checkout.packages / "vm").mkdir()
    (checkout.packages / "vm/__init__.py").touch()
    assert checkout.run(checkout.request(replace(wheel, unpackaged=unpackaged))) == 0
    output = capsys.readouterr().out
    assert "  src/vm/data.txt  its content in the wheel is another one\n" in output
    assert "  src/vm/extra.py  is not in the wheel: no target owns it\n" in output
    assert f"{checkout.packages}/vm hides the source tree" in output
    assert "not installed: numpy>=1.20. Install them:\n" in output
    assert f"{checkout.environment}/bin/python -m pip install 'numpy>=1.20'" in output


def test_a_wheel_of_another_python_is_refused(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = checkout.wheel({})
    other = Path(wheel.wheel).with_name("vm-1.0.dev0+unstamped-cp398-cp398-manylinux_2_17_x86_64.whl")
    Path(wheel.wheel).rename(other)
    assert checkout.run(checkout.request(replace(wheel, wheel=str(other)))) == 1
    assert "the wheel is for cp398-cp398, which CPython" in capsys.readouterr().err


@pytest.mark.parametrize("folder", ["missing", "system"])
def test_a_folder_without_environment_is_refused(
    checkout: Checkout, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    system = checkout.folder / "system/bin"
    system.mkdir(parents=True)
    (system / "python").write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} "$@"\n')
    (system / "python").chmod(0o755)
    assert checkout.run(replace(checkout.request(), environment=str(checkout.folder / folder))) == 1
    assert f"{checkout.folder / folder}: is not a virtual environment" in capsys.readouterr().err


@needs_system_calls
def test_a_killed_run_can_be_repeated(checkout: Checkout, builds: tuple[Path, Path]) -> None:
    old = checkout.wheel({"vm/_native.abi3.so": builds[0], "vm.libs/old.so": builds[0]})
    checkout.run(checkout.request(old))
    request = checkout.request(checkout.wheel({"vm/_native.abi3.so": builds[1], "vm/_version.py": "version = '2'\n"}))
    environment = inspect_environment(checkout.environment)
    developed = read_wheels(request, environment, checkout.folder / "unpacked")
    saved = checkout.folder / "saved"
    shutil.copytree(checkout.root, saved / "repo", symlinks=True)
    shutil.copytree(checkout.environment, saved / "venv", symlinks=True)

    def restored() -> Callable[[], object]:
        for name in ("repo", "venv"):
            shutil.rmtree(checkout.folder / name)
            shutil.copytree(saved / name, checkout.folder / name, symlinks=True)
        return lambda: develop(request, environment, developed)

    restored()()
    done = tree_of(checkout.root), tree_of(checkout.environment)
    for _ in kills(restored, checkout.root, checkout.environment):
        native = (checkout.root / "src/vm/_native.abi3.so").read_bytes()
        assert native in (builds[0].read_bytes(), builds[1].read_bytes())
        develop(request, environment, developed)
        assert tree_of(checkout.root) == done[0]
        assert tree_of(checkout.environment) == done[1]
