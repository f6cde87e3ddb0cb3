"""Tests of the builds of projects: what is refused, and what two projects see of each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pants.core.target_types import FileTarget
from pants.core.target_types import rules as core_target_rules
from pants.engine.addresses import Address
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.action import ForeignCalls
from spokeshave_pants.cc.foreign import rules as foreign
from spokeshave_pants.cc.project import rules as project
from spokeshave_pants.cc.project.build import BuiltCcProject, CcProjectRequest, check_host_tools
from spokeshave_pants.cc.project.target_types import CcCmakeProjectTarget, CcMakeProjectTarget
from spokeshave_pants.cc.runtime_pack import rules as runtime_pack
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sources import rules as sources
from spokeshave_pants.toolchain import rules as toolchain

HERE = Platform.parse("manylinux_2_17_x86_64")
ELSEWHERE = Platform.parse("musllinux_1_2_aarch64")
BASE = """\
cmake_minimum_required(VERSION 3.10)
project(p C)
add_library(p STATIC p.c)
target_include_directories(p PUBLIC $<INSTALL_INTERFACE:include>)
install(TARGETS p EXPORT p)
install(FILES p.h DESTINATION include)
install(EXPORT p DESTINATION lib/cmake/p FILE pConfig.cmake)
file(WRITE "${CMAKE_BINARY_DIR}/p-config" "#!/bin/sh\necho ${CMAKE_INSTALL_PREFIX}/include\n")
install(PROGRAMS "${CMAKE_BINARY_DIR}/p-config" DESTINATION bin)
"""
USER = """\
cmake_minimum_required(VERSION 3.10)
project(user C)
find_package(p REQUIRED)
find_library(TEXT text REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(TEXT REQUIRED text>=1.5)
execute_process(COMMAND p-config OUTPUT_VARIABLE includes OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT EXISTS "${includes}/p.h")
  message(FATAL_ERROR "p-config printed ${includes}")
endif()
add_library(user STATIC user.c)
target_link_libraries(user PRIVATE p)
install(TARGETS user)
file(WRITE "${CMAKE_BINARY_DIR}/user.pc" "prefix=${CMAKE_INSTALL_PREFIX}\\nRequires: ${p_DIR}\\n")
install(FILES "${CMAKE_BINARY_DIR}/user.pc" DESTINATION lib/pkgconfig)
"""
CXX = """\
enable_language(CXX)
file(WRITE "${CMAKE_BINARY_DIR}/more.cpp" "")
target_sources(p PRIVATE "${CMAKE_BINARY_DIR}/more.cpp")
"""
LEAK = 'set_source_files_properties(p.c PROPERTIES COMPILE_DEFINITIONS "PLACE=\\"${CMAKE_BINARY_DIR}\\"")\n'
RUNS = """\
add_executable(gen gen.c)
add_custom_command(OUTPUT made.c COMMAND gen > made.c)
target_sources(p PRIVATE made.c)
"""
PROBE = "include(CheckCSourceRuns)\ncheck_c_source_runs([=[int main(void) { return 0; }]=] WORKS)\n"
DOWNLOADS = {
    "by FetchContent": """\
include(FetchContent)
FetchContent_Declare(z URL https://example.org/z.tar.gz)
FetchContent_MakeAvailable(z)
""",
    "by ExternalProject": """\
include(ExternalProject)
ExternalProject_Add(z URL https://example.org/z.tar.gz)
""",
}
GENERATOR = """\
cmake_minimum_required(VERSION 3.10)
project(generator C)
find_package(PkgConfig REQUIRED)
execute_process(COMMAND pkg-config --list-all OUTPUT_VARIABLE listed)
if(listed)
  message(FATAL_ERROR "pkg-config finds packages of the machine: ${listed}")
endif()
add_library(text SHARED text.c)
add_executable(generate main.c)
target_link_libraries(generate PRIVATE text)
install(TARGETS text generate)
file(WRITE "${CMAKE_BINARY_DIR}/text.pc" "Name: text\nVersion: 1.5\nDescription: text\nLibs: -ltext\n")
install(FILES "${CMAKE_BINARY_DIR}/text.pc" DESTINATION lib/pkgconfig)
"""
GENERATED = """\
cmake_minimum_required(VERSION 3.10)
project(generated C)
find_program(GENERATE generate REQUIRED)
add_custom_command(OUTPUT made.c COMMAND "${GENERATE}" made.c)
add_library(generated STATIC made.c)
install(TARGETS generated)
if(NOT "${GENERATE}" STREQUAL "${GIVEN}/generate")
  message(FATAL_ERROR "${GENERATE} is not in ${GIVEN}")
endif()
"""
MAKEFILE = """\
all: libm.a
libm.a: p.c
\ttest "$(NOTE)" = "a;b c"
\ttest "$$WORDS" = 'x;y="$$z"'
\ttest "$(HERE)" = yes
\t$(CC) $(CFLAGS) -c p.c -o p.o
\t$(AR) rcs libm.a p.o
install-library: all
\tmkdir -p $(DESTDIR)$(prefix)/lib
\tcp libm.a $(DESTDIR)$(prefix)/lib/
"""


# As autotools do: a compiler for the machine that builds, checked by a program that runs.
CONFIGURE = """\
#!/bin/sh
echo 'int main(void) { return 0; }' > conftest.c
$CC_FOR_BUILD conftest.c -o conftest && ./conftest || exit 1
test "$#" = 2 && test "$2" = --with-z || exit 2
echo 'prefix = /usr' > config.mk
"""
NATIVE_MAKEFILE = """\
include config.mk
libmade.a: made.o
\t$(AR) rcs $@ made.o
made.c: generate.c
\t$(CC_FOR_BUILD) generate.c -o generate
\t./generate > $@
install: libmade.a
\tmkdir -p $(DESTDIR)$(prefix)/lib
\tcp libmade.a $(DESTDIR)$(prefix)/lib/
"""
GENERATE = '#include <stdio.h>\nint main(void) { return puts("int made(void) { return 7; }") < 0; }\n'


def new_runner(*options: str) -> RuleRunner:
    made = RuleRunner(
        bootstrap_args=options,
        rules=[
            *confinement.rules(),
            *core_target_rules(),
            *foreign.rules(),
            *project.rules(),
            *runtime_pack.rules(),
            *sandbox_rules(),
            *sources.rules(),
            *toolchain.rules(),
            QueryRule(BuiltCcProject, [CcProjectRequest]),
        ],
        target_types=[CcCmakeProjectTarget, CcMakeProjectTarget, FileTarget],
    )
    made.set_options(OPTIONS, env_inherit=INHERITED)
    made.write_files(
        {
            "a/p/p.c": '#ifndef PLACE\n#define PLACE ""\n#endif\nconst char *p(void) { return PLACE; }\n',
            "a/p/p.h": "const char *p(void);\n",
            "a/p/gen.c": "int main(void) { return 0; }\n",
            "a/p/Makefile": MAKEFILE,
            "a/user/CMakeLists.txt": USER,
            "a/generator/CMakeLists.txt": GENERATOR,
            "a/generator/text.c": 'const char *text(void) { return "int made(void) { return 7; }\\n"; }\n',
            "a/generator/main.c": "#include <stdio.h>\nconst char *text(void);\n"
            'int main(int n, char **a) { return n != 2 || fputs(text(), fopen(a[1], "w")) < 0; }\n',
            "a/generated/CMakeLists.txt": GENERATED,
            "a/native/generate.c": GENERATE,
            "a/native/Makefile": NATIVE_MAKEFILE,
            "a/user/user.c": '#include "p.h"\nconst char *user(void) { return p(); }\n',
        }
    )
    return made


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return new_runner()


def build(runner: RuleRunner, name: str, fields: str = "", more: str = "") -> BuiltCcProject:
    runner.write_files(
        {
            "a/p/CMakeLists.txt": BASE + more,
            "a/BUILD": f'cc_cmake_project(name="p", sources=["p/**"], subdirectory="p", {fields})\n'
            'cc_cmake_project(name="user", sources=["user/**"], subdirectory="user", '
            'dependencies=[":p", ":generator"])\n'
            'cc_cmake_project(name="generator", sources=["generator/**"], subdirectory="generator")\n'
            'cc_cmake_project(name="generated", sources=["generated/**"], subdirectory="generated", '
            'host_tools=[":generator"], defines={"GIVEN": "{host_tools}"})\n'
            'cc_make_project(name="m", sources=["p/**"], subdirectory="p", configure="", make_args=["NOTE=a;b c"], '
            'install_targets=["install-library"], '
            'platform_make_args={"many*": ["HERE=yes"], "win_*": ["HERE=no"]}, '
            """env={"WORDS": "-"}, platform_env={"many*": {"WORDS": 'x;y="$z"'}})\n""",
        }
    )
    return runner.request(BuiltCcProject, [CcProjectRequest(Address("a", target_name=name), HERE)])


def build_natively(runner: RuleRunner, fields: str, configure: str = CONFIGURE) -> BuiltCcProject:
    """Build a project that makes and runs a generator, for a platform whose programs do not run here."""
    runner.write_files(
        {
            "a/BUILD": f'cc_make_project(name="native", sources=["native/**"], subdirectory="native", '
            f'platform_configure_args={{"musllinux_*": ["--with-z"], "win_*": ["--no"]}}, {fields})\n',
            "a/native/configure": configure,
        }
    )
    (Path(runner.build_root) / "a/native/configure").chmod(0o755)
    return runner.request(BuiltCcProject, [CcProjectRequest(Address("a", target_name="native"), ELSEWHERE)])


def built_digests(root: Path, note: str) -> dict[str, Digest]:
    """Return the trees of projects that are built below a folder, with a file that none of them reads."""
    runner = new_runner(f"--local-execution-root-dir={root}")
    runner.write_files({f"a/{folder}/note.txt": note for folder in ("p", "user")})
    return {name: build(runner, name).digest for name in ("p", "user", "m")}


def refusal(runner: RuleRunner, fields: str = "", more: str = "") -> str:
    with pytest.raises(ExecutionError) as caught:
        build(runner, "p", fields, more)
    (error,) = list(caught.value.wrapped_exceptions)
    assert isinstance(error, SpokeshaveError)
    return str(error)


def test_a_project_finds_another_and_both_are_relocatable(runner: RuleRunner) -> None:
    built = build(runner, "user")
    assert [library.path for library in built.tree.libraries] == ["lib/libuser.a"]
    files = {file.path: file.content for file in runner.request(DigestContents, [built.digest])}
    root = b"${pcfiledir}/../.."
    assert files["lib/pkgconfig/user.pc"] == (
        b"prefix=" + root + b"\nRequires: " + root + b"/../../__prefix/a.p/lib/cmake/p\n"
    )


def test_a_program_that_describes_a_project_is_relocatable(runner: RuleRunner) -> None:
    """The project `user` asks `p-config` for the include directory, which is in another sandbox than its build's."""
    assert build(runner, "user").tree.libraries
    digest = build(runner, "p").digest
    files = {file.path: file.content for file in runner.request(DigestContents, [digest])}
    assert files["bin/p-config"] == b"#!/bin/sh\necho /spokeshave/include\n"


def test_a_project_says_whether_it_compiles_cxx(runner: RuleRunner) -> None:
    """Checks of a compiler for C++ do not count."""
    assert not build(runner, "p", more="enable_language(CXX)\n").has_cxx
    assert build(runner, "p", more=CXX).has_cxx


def test_make_builds_with_the_same_compiler(runner: RuleRunner) -> None:
    built = build(runner, "m")
    assert [library.path for library in built.tree.libraries] == ["lib/libm.a"]
    assert built.action.calls == ForeignCalls(compiles=1, links=0, probes=0)


def test_a_tree_does_not_depend_on_where_it_is_built(tmp_path: Path) -> None:
    """Two checkouts, and two folders of sandboxes. The note makes two keys, so that both builds run."""
    folders = (tmp_path / "a", tmp_path / "another/and/much/longer/path/of/sandboxes")
    for folder in folders:
        folder.mkdir(parents=True)
    first, second = (built_digests(folder, str(folder.name)) for folder in folders)
    assert first == second


def test_what_checks_compile_is_not_counted_as_the_projects(runner: RuleRunner) -> None:
    plain = build(runner, "p").action.calls
    checked = build(runner, "p", 'probes={"WORKS_EXITCODE": "0"}', PROBE).action.calls
    assert plain is not None
    assert checked is not None
    assert (plain.compiles, plain.links) == (checked.compiles, checked.links) == (1, 0)
    assert 0 < plain.probes < checked.probes


def test_a_path_of_the_sandbox_in_a_binary_is_an_error(runner: RuleRunner) -> None:
    text = refusal(runner, more=LEAK)
    assert "a:p for manylinux_2_17_x86_64 installs binary files" in text
    assert "lib/libp.a: SANDBOX/__build" in text
    assert build(runner, "p", 'exclude=["lib/libp.a"]', LEAK).tree.libraries == ()


def test_a_program_of_the_target_is_not_run(runner: RuleRunner) -> None:
    assert "The build runs programs of the target, which cannot run here: gen." in refusal(runner, more=RUNS)


def test_strict_probes_want_an_answer(runner: RuleRunner) -> None:
    assert 'probes={"WORKS_EXITCODE": "1"}' in refusal(runner, "strict_probes=True", PROBE)
    answered = 'strict_probes=True, probes={"WORKS_EXITCODE": "0"}'
    assert build(runner, "p", answered, PROBE).probes == ()
    assert build(runner, "p", "", PROBE).probes == ("WORKS_EXITCODE",)


@pytest.mark.parametrize("kind", DOWNLOADS)
def test_what_would_be_downloaded_is_an_error_at_once(runner: RuleRunner, kind: str) -> None:
    assert "The build downloads files, and no build has a network." in refusal(runner, more=DOWNLOADS[kind])


def test_a_file_outside_of_the_folder_is_an_error(runner: RuleRunner) -> None:
    outside = 'install(FILES p.h DESTINATION "/etc/p")\n'
    assert "own folder (CMAKE_INSTALL_PREFIX, --prefix), where nothing uses them:\n  * /etc/p/p.h\n" in refusal(
        runner, more=outside
    )
    assert build(runner, "p", 'exclude=["/etc/**"]', outside).tree.libraries


def test_a_project_that_installs_nothing_is_an_error(runner: RuleRunner) -> None:
    assert "installs no files" in refusal(runner, 'install_components=["no-such"]')


def test_a_program_of_host_tools_runs_during_the_build(runner: RuleRunner) -> None:
    assert [library.path for library in build(runner, "generated").tree.libraries] == ["lib/libgenerated.a"]


def test_make_compiles_programs_for_the_machine_too(runner: RuleRunner) -> None:
    built = build_natively(runner, "native_compiler=True")
    assert [library.path for library in built.tree.libraries] == ["lib/libmade.a"]
    assert built.action.calls == ForeignCalls(compiles=1, links=1, probes=1)


def test_a_script_that_cannot_start_is_named(runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match=r"configure: .*[Nn]o such file or directory"):
        build_natively(runner, "", configure="#!/no/such/shell\n")


def test_a_native_compiler_is_asked_for_by_its_field(runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match=r"set native_compiler=True on its target: build-cc"):
        build_natively(runner, "")


def test_host_tools_are_projects() -> None:
    check_host_tools(Address("a"), [])
    with pytest.raises(InvalidTargetError, match=r"not projects .*: a:script"):
        check_host_tools(Address("a"), [Address("a", target_name="script")])


def test_the_compiler_is_not_a_matter_of_defines(runner: RuleRunner) -> None:
    runner.write_files({"a/p/CMakeLists.txt": BASE})
    with pytest.raises(ExecutionError, match=r"CMAKE_C_COMPILER, which each build sets itself"):
        build(runner, "p", 'defines={"CMAKE_C_COMPILER": "gcc"}')
