"""Tests of the driver for builds of others: real compiles and links for several platforms."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.foreign import rules as foreign
from spokeshave_pants.cc.foreign.rules import ForeignToolchain, ForeignToolchainRequest
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR
from spokeshave_pants.cc.runtime_pack import rules as runtime_pack
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.toolchain import rules as toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR

HERE = "manylinux_2_17_x86_64"
PLATFORMS = (HERE, "musllinux_1_2_aarch64", "macosx_11_0_arm64", "win_amd64")
MAGIC = {
    HERE: b"\x7fELF",
    "musllinux_1_2_aarch64": b"\x7fELF",
    "macosx_11_0_arm64": b"\xcf\xfa\xed\xfe",
    "win_amd64": b"MZ",
}
C_PROGRAM = '#include <math.h>\n#include <stdio.h>\nint main(int n, char **a) { printf("%f", pow(n, 3)); return !a; }\n'
CXX_PROGRAM = """
#include <iostream>
#include <stdexcept>
#include <string>
int main() {
  try { throw std::runtime_error("thrown"); } catch (const std::exception& e) { std::cout << std::string(e.what()); }
}
"""
# The second number lies just above the middle of two of `__bf16`.
BUILTINS_PROGRAM = """
#include <stdatomic.h>
#include <stdio.h>
struct pair { long long a, b; };
_Atomic struct pair shared;
volatile long double a = 2.5L, b = 3.5L;
volatile double above = 1.00390625 + 0x1p-40;
int main(void) {
  _Complex long double z;
  double narrow = 1.0078125;
  __real__ z = a, __imag__ z = b;
  z = z * z / z;
  __builtin___clear_cache((char *)&z, (char *)(&z + 1));
#if defined(__x86_64__) || defined(__aarch64__)
  narrow = (float)(__bf16)above;
#endif
  printf("%g %g %g %d", (double)__real__ z, (double)__imag__ z, narrow, atomic_is_lock_free(&shared));
}
"""
PROGRAMS = {"a.c": C_PROGRAM, "b.cc": CXX_PROGRAM}
VERSION = """
#include <windows.h>
VS_VERSION_INFO VERSIONINFO
FILEVERSION 1,2,3,4
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904b0"
    BEGIN
      VALUE "FileDescription", "described"
    END
  END
END
"""
RESOURCES = f"""
{VERSION}
#include "part.h"
LANGUAGE SPEECH, 1
STRINGTABLE
BEGIN
  NAME "greeting"
END
NAME RCDATA "text.txt"
/* a comment */
1 DIALOGEX 0, 0, 10, 10
STYLE WS_POPUP | DS_SETFONT
CAPTION "title"
BEGIN
  PUSHBUTTON "OK", IDOK, 1, 1, 5, 5
END
"""
ASKS_HEADERS = """
#ifdef IS_OLD_GLIBC
#  if __has_include(<threads.h>) || __has_include(<sys/random.h>) || __has_include(<sys/single_threaded.h>)
#    error
#  endif
#  include <sys/auxv.h>
#elif defined(__linux__)
#  include <threads.h>
#  include <sys/random.h>
#endif
"""
DECLARES = """
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#if defined(STATX_BASIC_STATS) || defined(RWF_NOWAIT)
#  error
#endif
#include <linux/stat.h>
static int qsort_r, pthread_getname_np, preadv2, pwritev2;
struct statx of_the_kernel;
int uses(void) { return qsort_r + pthread_getname_np + preadv2 + pwritev2; }
"""


@dataclass(frozen=True)
class Workshop:
    """A folder laid out like the sandbox of a build, for one platform."""

    root: Path

    def run(self, tool: str, *arguments: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / FOREIGN_DIR / "bin" / tool, *arguments],
            cwd=self.root / folder,
            env={"PATH": "/nowhere", "SPOKESHAVE_CALLS": str(self.root / "calls.log")},
            capture_output=True,
            text=True,
            check=False,
        )

    def checked(self, tool: str, *arguments: str, folder: str = ".") -> str:
        done = self.run(tool, *arguments, folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> str:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)
        return name

    def content(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def calls(self) -> list[str]:
        log = self.root / "calls.log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *confinement.rules(),
            *foreign.rules(),
            *runtime_pack.rules(),
            *toolchain.rules(),
            *sandbox_rules(),
            QueryRule(ForeignToolchain, [ForeignToolchainRequest]),
        ]
    )
    runner.set_options(OPTIONS, env_inherit=INHERITED)
    return runner


def lay_out(rule_runner: RuleRunner, tag: str, root: Path) -> Workshop:
    """Lay out a sandbox as Pants does: its large inputs are links to folders elsewhere."""
    made = rule_runner.request(ForeignToolchain, [ForeignToolchainRequest(Platform.parse(tag))])
    for place, digest in ((FOREIGN_DIR, made.digest), (TOOLCHAIN_DIR, made.zig)):
        rule_runner.scheduler.write_digest(digest, path_prefix=f"laid/{tag}/{place}")
        (root / place).symlink_to(Path(rule_runner.build_root) / "laid" / tag / place)
    return Workshop(root)


@pytest.fixture(scope="module")
def workshops(rule_runner: RuleRunner, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workshop]:
    return {tag: lay_out(rule_runner, tag, tmp_path_factory.mktemp(tag, numbered=False)) for tag in PLATFORMS}


@pytest.fixture(params=PLATFORMS)
def workshop(request: Any, workshops: dict[str, Workshop]) -> Workshop:
    return workshops[request.param]


@pytest.fixture
def here(workshops: dict[str, Workshop]) -> Workshop:
    return workshops[HERE]


@pytest.mark.parametrize(("tool", "name"), [("cc", "a.c"), ("c++", "b.cc")])
def test_a_program_is_linked_from_its_source(workshop: Workshop, tool: str, name: str) -> None:
    workshop.checked(tool, "-O2", workshop.write(name, PROGRAMS[name]), "-o", "program", "-lm")
    assert workshop.content("program").startswith(MAGIC[workshop.root.name])
    assert not list(workshop.root.glob("program.*.o"))


def test_programs_for_this_machine_run(here: Workshop) -> None:
    here.checked("cc", here.write("a.c", C_PROGRAM), "-o", "c-program")
    here.checked("c++", here.write("b.cc", CXX_PROGRAM), "-o", "cxx-program")
    assert subprocess.check_output([here.root / "c-program"], text=True) == "1.000000"
    assert subprocess.check_output([here.root / "cxx-program"], text=True) == "thrown"


def test_what_compilers_call_is_linked(workshop: Workshop) -> None:
    """Zig's runtime lacks some functions and has others wrong, such as the division of `long double complex`."""
    workshop.checked("cc", "-O1", workshop.write("calls.c", BUILTINS_PROGRAM), "-o", "calls")
    if workshop.root.name == HERE:
        assert subprocess.check_output([workshop.root / "calls"], text=True, timeout=60) == "2.5 3.5 1.00781 0"


def test_a_shared_library_is_linked_to_and_found(workshop: Workshop) -> None:
    workshop.write("part/part.c", '__attribute__((visibility("default"))) int part(void) { return 1; }\n')
    workshop.write("part/user.c", "int part(void); int main(void) { return part(); }\n")
    workshop.checked("cc", "-fPIC", "-c", "part.c", "-o", "part.o", folder="part")
    is_windows = workshop.root.name.startswith("win")
    extra = ("-Wl,--out-implib,libpart.dll.a",) if is_windows else ()
    name = "part.dll" if is_windows else "libpart.so"
    workshop.checked("cc", "-shared", "part.o", "-o", name, *extra, folder="part")
    if workshop.root.name.startswith("mac"):
        (workshop.root / "part/libpart.so").rename(workshop.root / "part/libpart.dylib")
    workshop.checked("cc", "-c", "user.c", "-o", "user.o", folder="part")
    workshop.checked("cc", "user.o", "-L.", "-lpart", "-o", "user", folder="part")


@pytest.mark.parametrize("flag", ["-flto", "-flto=thin"])
def test_a_build_may_ask_for_lto(workshop: Workshop, flag: str) -> None:
    workshop.write("part.c", "int part(void) { return 1; }\n")
    workshop.write("main.c", "int part(void); int main(void) { return part(); }\n")
    for name in ("part", "main"):
        workshop.checked("cc", "-O2", flag, "-c", f"{name}.c", "-o", f"{name}.o")
    workshop.checked("cc", "-O2", flag, "part.o", "main.o", "-o", "optimized")
    assert workshop.content("optimized").startswith(MAGIC[workshop.root.name])


def test_libtool_links_a_library_for_macos(workshops: dict[str, Workshop]) -> None:
    """It asks the linker who it is, and names the folder that the library is installed to."""
    workshop = workshops["macosx_11_0_arm64"]
    workshop.checked("cc", "-c", workshop.write("tool.c", "int tool(void) { return 1; }\n"), "-o", "tool.o")
    named = ("-install_name", "/prefix/lib/libtool.5.dylib", "-compatibility_version", "6", "-current_version", "6.1")
    workshop.checked("cc", "-dynamiclib", "-o", "libtool.5.dylib", "tool.o", *named, "-Wl,-single_module")
    assert b"@rpath/libtool.5.dylib\0" in workshop.content("libtool.5.dylib")
    assert b"/prefix/lib" not in workshop.content("libtool.5.dylib")
    asked = workshop.run("ld", "-v")
    assert (asked.returncode, "ld64" in asked.stdout + asked.stderr, "GNU" in asked.stdout + asked.stderr) == (
        0,
        True,
        False,
    )
    # As autotools for another system give it.
    workshop.checked("cc", "-shared", "tool.o", "-Wl,-soname", "-Wl,libtool.5.dylib", "-o", "libother.dylib")


def test_what_the_system_lacks_does_not_link(workshop: Workshop) -> None:
    workshop.write(
        "lacks.c", "char there_is_no_such_function(void); int main(void) { return there_is_no_such_function(); }\n"
    )
    done = workshop.run("cc", "lacks.c", "-o", "lacks")
    assert done.returncode
    assert "there_is_no_such_function" in done.stderr
    assert workshop.run("cc", workshop.write("a.c", C_PROGRAM), "-o", "a", "-lz").returncode


def test_a_compile_is_the_same_in_any_folder(rule_runner: RuleRunner, here: Workshop, tmp_path: Path) -> None:
    other = tmp_path / "a/much/longer/place"
    other.mkdir(parents=True)
    elsewhere = lay_out(rule_runner, HERE, other)
    outputs = set()
    for workshop in (here, elsewhere):
        source = workshop.write(
            "deep/er/source.cc",
            CXX_PROGRAM + "const char* file = __FILE__;\n#include <cassert>\nvoid f(int x) { assert(x); }\n",
        )
        workshop.checked("c++", "-g", "-c", str(workshop.root / source), "-o", "object.o")
        workshop.checked("c++", "-shared", "object.o", "-o", "library.so")
        assert str(workshop.root).encode() not in workshop.content("object.o")
        outputs.add((workshop.content("object.o"), workshop.content("library.so")))
    assert len(outputs) == 1


def test_nothing_of_the_machine_is_searched(here: Workshop, tmp_path: Path) -> None:
    (tmp_path / "secret.h").write_text("#define SECRET 1\n")
    here.write("reads.c", "#include <secret.h>\nint x = SECRET;\n")
    here.calls()
    for flags in (
        [f"-I{tmp_path}"],
        ["-I", str(tmp_path)],
        ["-isystem", str(tmp_path)],
        [f"-I{os.path.relpath(tmp_path, here.root)}"],
    ):
        assert here.run("cc", *flags, "-c", "reads.c", "-o", "reads.o").returncode, flags
    assert here.run("cc", here.write("a.c", C_PROGRAM), "-o", "a", "-L/usr/lib/x86_64-linux-gnu", "-lz").returncode
    assert any(line.startswith("drop -I ") for line in here.calls())
    assert here.run("cc", "-c", here.write("z.c", "#include <zlib.h>\n"), "-o", "z.o").returncode


def test_a_processor_of_this_machine_is_refused(here: Workshop) -> None:
    here.write("a.c", C_PROGRAM)
    for flag in ("-march=native", "-mtune=native", "-mcpu=native"):
        done = here.run("cc", flag, "-c", "a.c", "-o", "a.o")
        assert done.returncode
        assert f"name a processor in place of {flag}" in done.stderr


def version_text(content: bytes) -> bool:
    return "FileDescription\0".encode("utf-16-le") in content


@pytest.mark.parametrize(
    "arguments",
    [
        # CMake's, autotools', meson's, and with each value as a word of its own.
        ("-O", "coff", "-DSPEECH=9", "-I", "parts", "app.rc", "app.o"),
        ("-i", "app.rc", "-o", "app.o", "-DSPEECH=9", "-Iparts"),
        ("--include-dir=parts", "--define=SPEECH=9", "app.rc", "app.o", "--preprocessor-arg=-MD"),
        ("--input", "app.rc", "--output", "app.o", "--include-dir", "parts", "-D", "SPEECH=9", "-F", "pe-x86-64"),
    ],
)
def test_resources_are_compiled_and_linked(workshops: dict[str, Workshop], arguments: tuple[str, ...]) -> None:
    workshop = workshops["win_amd64"]
    workshop.write("parts/part.h", "#define NAME 7\nint not_for_resources(void);\n")
    workshop.write("parts/text.txt", "the content of a file")
    workshop.write("app.rc", RESOURCES)
    workshop.write("dll.c", "int version(void) { return 1; }\n")
    workshop.checked("windres", *arguments)
    workshop.checked("cc", "-shared", "dll.c", "app.o", "-o", "app.dll")
    for name in ("app.o", "app.dll"):
        content = workshop.content(name)
        assert version_text(content), name
        assert b"the content of a file" in content
        assert "greeting".encode("utf-16-le") in content
    assert not (workshop.root / "app.o.rcpp").exists()


def test_resources_have_the_same_bytes_in_any_folder(
    rule_runner: RuleRunner, workshops: dict[str, Workshop], tmp_path: Path
) -> None:
    elsewhere = lay_out(rule_runner, "win_amd64", tmp_path)
    contents = set()
    for workshop in (workshops["win_amd64"], elsewhere):
        workshop.write("deep/app.rc", VERSION)
        workshop.checked("windres", str(workshop.root / "deep/app.rc"), "-O", "res", "-o", "app.res")
        workshop.checked("windres", str(workshop.root / "deep/app.rc"), "-o", "app.obj")
        workshop.checked("windres", "app.res", "from-res.obj")
        assert workshop.content("from-res.obj") == workshop.content("app.obj")
        contents.add((workshop.content("app.res"), workshop.content("app.obj")))
    assert len(contents) == 1


def test_resources_with_an_error_name_their_line(workshops: dict[str, Workshop]) -> None:
    workshop = workshops["win_amd64"]
    workshop.write("folder/icon.rc", '#include <windows.h>\n1 ICON "x.ico"\n')
    refused = workshop.run("windres", "folder/icon.rc", "-o", "icon.o")
    assert refused.returncode
    assert "folder/icon.rc:2:" in refused.stderr
    assert "x.ico" in refused.stderr
    assert not (workshop.root / "icon.o").exists()
    assert workshops[HERE].run("windres", "folder/icon.rc", "-o", "icon.o").returncode
    assert "GNU windres" in workshop.checked("windres", "--version")


def test_programs_of_windows_may_have_any_main(workshops: dict[str, Workshop]) -> None:
    """MinGW has a start file of its own for `wmain`, and calls `WinMain` if there is no `main`."""
    workshop = workshops["win_amd64"]
    workshop.write("wide.c", "int wmain(int n, wchar_t **a) { return a[n] != 0; }\n")
    workshop.write("unicode.c", "#ifndef UNICODE\n#error\n#endif\n#include <windows.h>\nint unicode = sizeof(TCHAR);\n")
    workshop.write(
        "window.c",
        "#include <windows.h>\nint WINAPI WinMain(HINSTANCE a, HINSTANCE b, LPSTR c, int d) { return d; }\n",
    )
    workshop.checked("cc", "-municode", "-include", "wchar.h", "wide.c", "unicode.c", "-o", "wide.exe")
    workshop.checked("cc", "-mwindows", "window.c", "-o", "window.exe")
    assert workshop.run("cc", "-include", "wchar.h", "wide.c", "-o", "narrow.exe").returncode
    for name in ("wide.exe", "window.exe"):
        assert workshop.content(name).startswith(b"MZ")


def test_a_c_library_has_only_what_its_oldest_systems_have(workshop: Workshop) -> None:
    """A check by `__has_include`, by a declaration or by a link finds what a wheel may use, and nothing else."""
    workshop.write("asks.c", ASKS_HEADERS)
    tag = workshop.root.name
    flags = () if tag != HERE else ("-DIS_OLD_GLIBC",)
    workshop.checked("cc", *flags, "-c", "asks.c", "-o", "asks.o")
    if tag.startswith("musl"):
        for name in ("qsort_r", "statx", "preadv2", "pthread_getname_np"):
            workshop.write("asks.c", f"char {name}(); int main(void) {{ return {name}(); }}\n")
            assert workshop.run("cc", "-fno-builtin", "asks.c", "-o", "asks").returncode, name
        workshop.write("has.c", "char gettid(); int main(void) { return gettid(); }\n")
        workshop.checked("cc", "-fno-builtin", "has.c", "-o", "has")
        workshop.write("declares.c", DECLARES)
        workshop.checked("cc", "-D_GNU_SOURCE", "-c", "declares.c", "-o", "declares.o")


def test_build_systems_learn_what_the_linker_is(workshops: dict[str, Workshop]) -> None:
    assert "LLD" in workshops[HERE].checked("cc", "-Wl,--version")
    assert "compatible with GNU linkers" in workshops["win_amd64"].checked("cc", "-Wl,--version")
    assert "PROJECT:ld64" in workshops["macosx_11_0_arm64"].run("cc", "-Wl,-v").stderr
    assert workshops["musllinux_1_2_aarch64"].checked("gcc", "-dumpmachine") == "aarch64-linux-musl\n"
    assert "clang version" in workshops[HERE].checked("cc", "--version")


def test_response_files_are_read(workshop: Workshop) -> None:
    workshop.write("a.c", C_PROGRAM)
    workshop.write("with space.c", "int other;\n")
    workshop.write("arguments", 'a.c "with space.c"\n-o\nfrom-file\n')
    workshop.checked("cc", "@arguments")
    assert workshop.content("from-file")


def test_any_library_of_windows_is_linked_to(workshops: dict[str, Workshop]) -> None:
    """The pack has import libraries of a few; psutil needs others."""
    workshop = workshops["win_amd64"]
    workshop.write(
        "query.c", "long PdhOpenQueryW(void *, long, void *); int main(void) { return PdhOpenQueryW(0, 0, 0); }\n"
    )
    workshop.checked("cc", "query.c", "-o", "query.exe", "-lPdh")
    assert b"pdh.dll" in workshop.content("query.exe").lower()
    assert workshop.run("cc", "query.c", "-o", "query.exe", "-lnone").returncode
    assert not list(workshop.root.glob("*.lib"))


def test_headers_of_windows_have_any_case(workshops: dict[str, Workshop]) -> None:
    workshop = workshops["win_amd64"]
    text = "#include <WinSock2.h>\n#include <Windows.h>\n#include <ShlObj.h>\nDWORD x(void) { return 1; }\n"
    for name in ("case.c", "case.cc"):
        workshop.checked("c++" if name.endswith("cc") else "cc", "-c", workshop.write(name, text), "-o", "case.o")
        assert b"case.yaml" not in workshop.content("case.o")


def test_symbols_may_be_left_to_the_process_on_macos(workshops: dict[str, Workshop]) -> None:
    """The CMake package of nanobind has a response file of them for the linker."""
    workshop = workshops["macosx_11_0_arm64"]
    workshop.write("uses.c", "int of_python(void); int uses(void) { return of_python(); }\n")
    workshop.write("names.sym", "-U _of_python\n-U _other\n")
    assert workshop.run("cc", "-bundle", "uses.c", "-o", "uses.so").returncode
    workshop.checked("cc", "-bundle", "uses.c", "-Wl,@names.sym", "-o", "uses.so")
    workshop.checked("cc", "-bundle", "uses.c", "-Wl,-U,_of_python", "-o", "uses.so")


def test_programs_have_the_functions_of_the_oldest_macos(workshops: dict[str, Workshop]) -> None:
    """Configure checks link programs. Libraries may ask the system before they call a newer function."""
    workshop = workshops["macosx_11_0_arm64"]
    workshop.write("old.c", "char preadv(void); int main(void) { return preadv(); }\n")
    workshop.write("new.c", "char pipe2(void); int main(void) { return pipe2(); }\n")
    guarded = "int two(int *f) { if (__builtin_available(macOS 27, *)) return pipe2(f, 0); return 1; }\n"
    workshop.write("guarded.c", f"#include <unistd.h>\n{guarded}")
    workshop.checked("cc", "-w", "old.c", "-o", "old")
    assert "undefined symbol: _pipe2" in workshop.run("cc", "-w", "new.c", "-o", "new").stderr
    workshop.checked("cc", "-dynamiclib", "guarded.c", "-o", "libguarded.dylib")


def test_the_log_contains_what_was_asked(here: Workshop) -> None:
    here.calls()
    here.write("a.c", C_PROGRAM)
    here.checked("cc", "-c", "a.c", "-o", "a.o")
    here.checked("cc", "a.o", "-o", "a")
    here.checked("ar", "rcs", "liba.a", "a.o")
    assert here.run("emulate", "./a", "argument").returncode == 126
    kinds = [line.split()[0] for line in here.calls()]
    assert kinds == ["compile", "link", "ld.lld", "ar", "emulate"]


def test_an_archive_is_linked_and_whole_if_asked(workshop: Workshop) -> None:
    workshop.write("member.c", "int member(void) { return 2; }\n")
    workshop.write("main.c", "int member(void); int main(void) { return member(); }\n")
    workshop.checked("cc", "-c", "member.c", "-o", "member.o")
    workshop.checked("ar", "qc", "libmember.a", "member.o")
    workshop.checked("ranlib", "libmember.a")
    workshop.checked("cc", "main.c", "-o", "main", "-L.", "-lmember")
    (workshop.root / "libmember.a").unlink()
