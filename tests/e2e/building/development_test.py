"""The tools for developers: `compile-commands`, debug builds and `cc-shell`, outside of any sandbox where users are."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from elftools.elf.elffile import ELFFile

from e2e.support.project import REPOSITORY, Project, read, running

DEBUG = "--cc-build-type=debug"
NANOBIND_BUILD = """
cc_python_requirement(
    name="nanobind",
    requirements="requirements.txt",
    include_dirs=["nanobind/include", "nanobind/ext/robin_map/include"],
    package_sources=["nanobind/src/nb_combined.cpp"],
)

cc_sources(name="native", sources=["bound.cc"], dependencies=[":nanobind"])
"""
NANOBIND_SOURCE = """\
#include <nanobind/nanobind.h>
#include <spokeshave/version.h>
#include <vector>
NB_MODULE(_bound, m) {
  m.def("answer", [] { return std::vector<int>(42).size(); });
  m.def("version", [] { return SPOKESHAVE_VERSION(); });
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with C, generated files, nanobind and the version header, in which Git sees what is written."""
    copy = Project.copy(tmp_path_factory.mktemp("development") / "repo", "plain_c", "generated")
    (copy.root / "bound").mkdir()
    copy.write("bound/BUILD", NANOBIND_BUILD)
    copy.write("bound/bound.cc", NANOBIND_SOURCE)
    shutil.copy2(REPOSITORY / "3rdparty/cpp/requirements.txt", copy.root / "bound")
    with running(copy) as project:
        yield project


def test_clang_accepts_each_command_in_the_checkout(project: Project) -> None:
    run = project.pants("compile-commands", "::").checked()
    assert run.ran("Compile ", "Link ") == []
    entries = json.loads((project.root / "compile_commands.json").read_text())
    assert [entry["file"] for entry in entries] == [
        "bound/bound.cc",
        "dist/compile-commands/generated/generated/step.c",
        "generated/native.c",
        "plain_c/area.c",
        "plain_c/native.c",
    ]
    for entry in entries:
        assert entry["directory"] == str(project.root)
        arguments = [argument for argument in entry["arguments"][1:] if argument != "-c"]
        # A tool of clang brings its own headers. zig's are those of its clang.
        own_headers = "-resource-dir=dist/compile-commands/toolchain/lib"
        checked = subprocess.run(
            [sys.executable, "-m", "ziglang", "clang", *arguments, "-fsyntax-only", "-Werror", own_headers],
            cwd=entry["directory"],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, f"{entry['file']}: {checked.stderr}"
    # By the wheel that contains the source.
    assert "-DPy_LIMITED_API=0x030A0000" in entries[4]["arguments"]
    assert not (project.dist / "compile-commands/toolchain/zig").exists()


def test_a_debug_build_leads_to_the_sources(project: Project) -> None:
    run = project.pants(DEBUG, "--native-wheel-platforms=host", "package", "plain_c:wheel").checked()
    (report,) = project.report("plain_c:wheel")
    assert report["build_type"] == "debug"
    assert f"debug build: {report['wheel']} is not optimized" in run.output
    elf = ELFFile(io.BytesIO(read(project.wheel("plain-c"), "plain_c/_native.abi3.so")))  # type: ignore[no-untyped-call]
    dwarf = elf.get_dwarf_info()  # type: ignore[no-untyped-call]
    units = [unit.get_top_DIE() for unit in dwarf.iter_CUs()]
    names = {unit.attributes["DW_AT_name"].value.decode() for unit in units}
    assert names == {"plain_c/area.c", "plain_c/native.c"}
    assert {unit.attributes["DW_AT_comp_dir"].value for unit in units} == {b"."}
    assert all((project.root / name).is_file() for name in names)


def test_a_shell_repeats_the_command_of_the_build(project: Project) -> None:
    """With the status of the command, and confined: the link cannot see what the shell can."""
    kept = project.root.parent / "kept.so"
    script = f"./run && cp plain_c/_native.abi3.so {kept} && zig version && exit 7"
    run = project.pants(DEBUG, "cc-shell", "plain_c:ext", "--", script)
    assert run.exit_code == 7, run.output
    assert kept.read_bytes() == read(project.wheel("plain-c"), "plain_c/_native.abi3.so")
    outside = project.root / "plain_c/area.h"
    leak = f"""echo '#include "{outside}"' >> plain_c/area.c; cc -c plain_c/area.c -o free.o || exit 3; ./run"""
    run = project.pants("cc-shell", "plain_c/area.c", "--", leak)
    assert run.exit_code == 1, run.output
    assert "file not found" in run.output
