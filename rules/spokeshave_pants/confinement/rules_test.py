"""Tests that no file of the host gets into an object or a library, by any source, flag or input.

Each leak is first run without confinement, where it has to succeed. Otherwise the test would prove nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult, Process
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.compile_command import compile_argv, dependency_file, object_path
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.confinement.command import CONFINE
from spokeshave_pants.confinement.rules import ConfinedProcess, ConfineProgram
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.toolchain import rules as toolchain
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.rules import CcToolchain, CcToolchainRequest
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG, ZIG_ENVIRONMENT

PLATFORM = Platform.parse("manylinux_2_17_x86_64")
SECRET = "SECRET OF THE MACHINE"
NAMESPACE = "n"
LANDLOCK = "l"
NOTHING = ""
# Asks the kernel and not the program, so that a bug of the program is not mistaken for a kernel that refuses.
KERNEL_ALLOWS = {
    NAMESPACE: """
import ctypes, os
libc = ctypes.CDLL(None)
user, group = os.getuid(), os.getgid()
refused = libc.unshare(0x10020000)
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"{user} {user} 1")
open("/proc/self/gid_map", "w").write(f"{group} {group} 1")
raise SystemExit(refused or libc.mount(b"none", os.getcwd().encode(), b"tmpfs", 0, None))
""",
    LANDLOCK: "import ctypes; raise SystemExit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 2)",
}


@dataclass(frozen=True)
class Leak:
    """A compile or a link that reads a file of the host.

    `{abs}` in its texts is the absolute path of the folder of such files, and `{up}` the relative path from the
    sandbox.

    Attributes:
        source: The source to compile. Empty for a link.
        is_in_depfile: Whether the compiler's dependency file contains the read file.
    """

    source: str = ""
    flags: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    extension: str = ".c"
    is_in_depfile: bool = True


USE = "const char text[] = TEXT;\n"
EXISTS = f'const char text[] = "{SECRET}";\n#else\nconst char text[] = "clean";\n#endif\n'
EMBED = "const char text[] = {\n#embed NAME\n};\n"
INCBIN = '.globl text\n.data\ntext: .incbin "{abs}/leak.txt"\n'
OVERLAY = """
{version: 0, roots: [{name: virtual, type: directory, contents: [
  {name: leak.h, type: file, external-contents: '{abs}/leak.h'}]}]}
"""
COMPILES = {
    "include by absolute path": Leak('#include "{abs}/leak.h"\n' + USE),
    "include by relative path": Leak('#include "../{up}/leak.h"\n' + USE),
    "include in angle brackets": Leak("#include <{abs}/leak.h>\n" + USE),
    "include by a macro": Leak('#define NAME "{abs}/leak.h"\n#include NAME\n' + USE),
    "the folder around an input that is a link": Leak("#include <__toolchain/../leak.h>\n" + USE, ("-I.",)),
    "include_next": Leak("#include_next <{abs}/leak.h>\n" + USE),
    "import": Leak('#import "{abs}/leak.h"\n' + USE),
    "embed": Leak(EMBED.replace("NAME", '"{abs}/leak.txt"')),
    "embed by a macro": Leak('#define NAME "{abs}/leak.txt"\n' + EMBED),
    "embed by relative path": Leak(EMBED.replace("NAME", '"../{up}/leak.txt"')),
    "has_include": Leak('#if __has_include("{abs}/leak.h")\n' + EXISTS),
    "has_include by a macro": Leak('#define NAME "{abs}/leak.h"\n#if __has_include(NAME)\n' + EXISTS),
    "has_include by relative path": Leak('#if __has_include("../{up}/leak.h")\n' + EXISTS),
    "has_include_next": Leak("#if __has_include_next(<{abs}/leak.h>)\n" + EXISTS),
    "has_embed": Leak('#if __has_embed("{abs}/leak.txt")\n' + EXISTS),
    "incbin in C": Leak('__asm__(".incbin \\"{abs}/leak.txt\\"");\n', is_in_depfile=False),
    "incbin in assembler": Leak(INCBIN, extension=".s", is_in_depfile=False),
    "incbin in preprocessed assembler": Leak(INCBIN, extension=".S", is_in_depfile=False),
    "include of assembler": Leak('.include "{abs}/leak.s"\n', extension=".s", is_in_depfile=False),
    "response file": Leak(USE, ("@{abs}/flags",)),
    "response file by relative path": Leak(USE, ("@{up}/flags",)),
    "isystem": Leak("#include <leak.h>\n" + USE, ("-isystem{up}",)),
    "isystem by absolute path": Leak("#include <leak.h>\n" + USE, ("-isystem", "{abs}")),
    "iquote": Leak('#include "leak.h"\n' + USE, ("-iquote", "{up}")),
    "idirafter": Leak("#include <leak.h>\n" + USE, ("-idirafter", "{up}")),
    "sysroot": Leak("#include <leak.h>\n" + USE, ("-isysroot", "{abs}", "-iwithsysroot", "/.")),
    "prefix": Leak("#include <leak.h>\n" + USE, ("-iprefix", ".", "-iwithprefix", "./outside")),
    "forced include": Leak(USE, ("-include", "{abs}/leak.h")),
    "macros of a file": Leak(USE, ("-imacros", "{up}/leak.h")),
    "embed directory": Leak(EMBED.replace("NAME", "<leak.txt>"), ("--embed-dir={up}",)),
    "a link among the sources": Leak('#include "link/leak.h"\n' + USE, ("-Isrc",)),
    "an overlay of files": Leak(
        '#include "virtual/leak.h"\n' + USE,
        ("-I.", "-ivfsoverlay", "src/overlay.yaml"),
        (("src/overlay.yaml", OVERLAY),),
    ),
}
LINKS = {
    "an object by absolute path": Leak(flags=("{abs}/leak.o",)),
    "an object by relative path": Leak(flags=("{up}/leak.o",)),
    "a library by its file's name": Leak(flags=("-L{abs}", "-l:leak.o")),
    "a library search path": Leak(flags=("-L", "{up}", "-lleak", "-u", "leak")),
    "a script that is named as a library": Leak(flags=("src/libx.a",), files=(("src/libx.a", "INPUT({abs}/leak.o)"),)),
    "a group in a script": Leak(flags=("-T", "src/x"), files=(("src/x", "GROUP({abs}/leak.o)"),)),
    "a search path in a script": Leak(
        flags=("src/libx.so",), files=(("src/libx.so", "SEARCH_DIR({abs}) INPUT(-l:leak.o)"),)
    ),
    "a script that includes another": Leak(flags=("-T", "src/x"), files=(("src/x", "INCLUDE {abs}/script"),)),
    "a response file": Leak(flags=("@{abs}/linker-flags",)),
    "whole archives": Leak(flags=("--whole-archive", "{up}/libleak.a")),
}


@dataclass(frozen=True)
class Outcome:
    """The output of a compiler or linker, and the file that it made."""

    exit_code: int
    words: str
    artifact: bytes

    @property
    def is_leaked(self) -> bool:
        return SECRET.encode() in self.artifact


@dataclass(frozen=True)
class Sandbox:
    """A sandbox like those of Pants, with the toolchain in another folder, next to a folder with foreign files.

    Attributes:
        root: The sandbox.
        outside: The folder next to it.
    """

    root: Path
    outside: Path
    environment: dict[str, str] = field(default_factory=lambda: {**ZIG_ENVIRONMENT, "SECRET": SECRET})

    def fill(self, text: str) -> str:
        return text.replace("{abs}", str(self.outside)).replace("{up}", "../outside")

    def compiled(self, leak: Leak, by: str | None, *, is_checked: bool = True) -> Outcome:
        """Compile a leak.

        Args:
            by: The confinement methods to use. None for all, in their order.
            is_checked: Whether the files that the compiler read are checked.
        """
        source = f"src/leak{leak.extension}"
        self._write(source, leak.source, leak)
        settings = CompileSettings("c++20", "c23", flags=tuple(map(self.fill, leak.flags)))
        reads = dependency_file(source) if is_checked else None
        return self.run(compile_argv(source, PLATFORM, settings), object_path(source), by, reads)

    def linked(self, leak: Leak, by: str) -> Outcome:
        self._write("src/own.txt", "", leak)
        argv = (ZIG, "ld.lld", "-shared", "-o", "out.so", "own.o", *map(self.fill, leak.flags))
        return self.run(argv, "out.so", by, None)

    def _write(self, path: str, text: str, leak: Leak) -> None:
        for name, content in ((path, text), *leak.files):
            (self.root / name).write_text(self.fill(content))

    def run(self, argv: tuple[str, ...], output: str, by: str | None, reads: str | None) -> Outcome:
        artifact = self.root / output
        artifact.parent.mkdir(parents=True, exist_ok=True)
        for old in (artifact, artifact.with_suffix(".d")):
            old.unlink(missing_ok=True)
        ways = () if by is None else (f"--by={by}",)
        checked = (f"--reads={reads}",) if reads else ()
        done = subprocess.run(
            [CONFINE, *ways, *checked, TOOLCHAIN_DIR, "--", *argv],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stderr, artifact.read_bytes() if artifact.exists() else b"")


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *confinement.rules(),
            *toolchain.rules(),
            *sandbox_rules(),
            QueryRule(CcToolchain, [CcToolchainRequest]),
            QueryRule(ConfineProgram, []),
            QueryRule(FallibleProcessResult, [ConfinedProcess]),
        ]
    )
    runner.set_options(OPTIONS, env_inherit=INHERITED)
    return runner


@pytest.fixture(scope="module")
def sandbox(rule_runner: RuleRunner, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    toolchain = rule_runner.request(CcToolchain, [CcToolchainRequest(PLATFORM)])
    program = rule_runner.request(ConfineProgram, [])
    parent = tmp_path_factory.mktemp("parent")
    artifact = Sandbox(parent / "sandbox", parent / "outside")
    rule_runner.scheduler.write_digest(toolchain.compiler, path_prefix="laid/toolchain")
    rule_runner.scheduler.write_digest(program.digest, path_prefix="laid/confine")
    for folder in (artifact.root / "src", artifact.outside):
        folder.mkdir(parents=True)
    (artifact.root / TOOLCHAIN_DIR).symlink_to(Path(rule_runner.build_root, "laid/toolchain"))
    (artifact.root / CONFINE).parent.symlink_to(Path(rule_runner.build_root, "laid/confine"))
    (artifact.root / "src/link").symlink_to(artifact.outside)
    for name, text in {
        "leak.h": f'#define TEXT "{SECRET}"\n',
        "leak.txt": SECRET,
        "leak.c": f'const char leak[] = "{SECRET}";\n',
        "leak.s": f'.globl text\n.data\ntext: .asciz "{SECRET}"\n',
        "flags": f"-include {artifact.outside}/leak.h\n",
        "linker-flags": str(artifact.outside / "leak.o"),
        "script": f"INPUT({artifact.outside}/leak.o)",
    }.items():
        (artifact.outside / name).write_text(text)
    Path(rule_runner.build_root, "laid/leak.h").write_text(f'#define TEXT "{SECRET}"\n')
    (artifact.root / "own.c").write_text("int own;\n")
    for command in (
        (ZIG, "cc", "-target", zig_target(PLATFORM), "-fPIC", "-c", "own.c", "-o", "own.o"),
        (ZIG, "cc", "-target", zig_target(PLATFORM), "-fPIC", "-c", "../outside/leak.c", "-o", "../outside/leak.o"),
        (ZIG, "ar", "rcs", "../outside/libleak.a", "../outside/leak.o"),
    ):
        subprocess.run(command, cwd=artifact.root, env=artifact.environment, check=True)
    return artifact


def need(by: str, folder: Path) -> None:
    """Skip the test if the kernel does not support a confinement method."""
    if subprocess.run(
        [sys.executable, "-c", KERNEL_ALLOWS[by]], cwd=folder, check=False, capture_output=True
    ).returncode:
        pytest.skip(f"this machine's kernel does not allow the way {by!r} of confinement")


@pytest.mark.parametrize("name", COMPILES)
def test_each_planted_leak_of_a_compile_works_unconfined(sandbox: Sandbox, name: str) -> None:
    done = sandbox.compiled(COMPILES[name], NOTHING, is_checked=False)
    assert done.exit_code == 0, done.words
    assert done.is_leaked


@pytest.mark.parametrize("by", [NAMESPACE, LANDLOCK])
@pytest.mark.parametrize("name", COMPILES)
def test_a_confined_compile_reads_nothing_of_the_machine(sandbox: Sandbox, name: str, by: str) -> None:
    need(by, sandbox.root)
    done = sandbox.compiled(COMPILES[name], by, is_checked=False)
    # Landlock allows tests for files without opening them. The dependency file contains those.
    assert not done.is_leaked or (name, by) == ("has_embed", LANDLOCK), done.words


@pytest.mark.parametrize("name", [name for name, leak in COMPILES.items() if leak.is_in_depfile])
def test_what_an_unconfined_compile_read_is_reported(sandbox: Sandbox, name: str) -> None:
    done = sandbox.compiled(COMPILES[name], NOTHING)
    assert done.exit_code == 1
    assert re.search(r"error: reads \S*leak\.(h|txt), which is not an input of this compile", done.words), done.words


@pytest.mark.parametrize("name", [name for name, leak in COMPILES.items() if leak.is_in_depfile])
def test_a_leak_that_landlock_leaves_is_reported(sandbox: Sandbox, name: str) -> None:
    need(LANDLOCK, sandbox.root)
    done = sandbox.compiled(COMPILES[name], LANDLOCK)
    assert done.exit_code
    assert done.words


SOUND = {
    ".c": '#include <stdio.h>\n#include "own.h"\n#if __has_include("/etc/passwd.h")\n#error\n#endif\nint x = OWN;\n',
    ".cc": '#include <string>\n#include "own.h"\nint x = OWN + std::string("a").size();\n',
    ".S": '#include "own.h"\n.globl x\nx: .byte OWN\n.incbin "src/own.h"\n',
}


@pytest.mark.parametrize("extension", SOUND)
def test_a_sound_source_makes_the_same_object_in_every_way(sandbox: Sandbox, extension: str) -> None:
    (sandbox.root / "src/own.h").write_text("#define OWN 1\n")
    objects = set()
    for by in (NAMESPACE, LANDLOCK, NOTHING, None):
        done = sandbox.compiled(Leak(SOUND[extension], extension=extension), by)
        assert (done.exit_code, done.words) == (0, "")
        objects.add(done.artifact)
    (artifact,) = objects
    assert artifact


def test_escaped_names_are_read_from_dependency_files(sandbox: Sandbox) -> None:
    for folder in (sandbox.root / "src", sandbox.outside):
        (folder / "a $b #c.h").write_text("int x;\n")
    inside = Leak('#include "a $b #c.h"\n')
    outside = Leak('#include "{abs}/a $b #c.h"\n')
    assert sandbox.compiled(inside, NOTHING).exit_code == 0
    assert f"reads {sandbox.outside}/a $b #c.h," in sandbox.compiled(outside, NOTHING).words


def test_a_file_to_embed_that_is_not_there_is_reported(sandbox: Sandbox) -> None:
    """By itself, clang compiles it as empty without a message."""
    leak = Leak(EMBED.replace("NAME", '"nowhere.txt"'))
    done = sandbox.compiled(leak, None)
    assert done.exit_code == 126
    assert "`#embed` names is not an input" in done.words


def test_a_compiler_without_a_dependency_file_fails(sandbox: Sandbox) -> None:
    (sandbox.root / "src/a.c").write_text("int x;\n")
    done = sandbox.run((ZIG, "cc", "-c", "src/a.c", "-o", "a.o"), "a.o", None, "nowhere.d")
    assert done.exit_code == 126
    assert "nowhere.d" in done.words


def test_the_exit_code_and_words_of_the_compiler_are_passed_on(sandbox: Sandbox) -> None:
    leak = Leak("#error these words\n")
    done = sandbox.compiled(leak, None)
    assert done.exit_code == 1
    assert "these words" in done.words
    assert "confine" not in done.words


@pytest.mark.parametrize("name", LINKS)
def test_each_planted_leak_of_a_link_works_unconfined(sandbox: Sandbox, name: str) -> None:
    done = sandbox.linked(LINKS[name], NOTHING)
    assert (done.exit_code, done.is_leaked) == (0, True), done.words


@pytest.mark.parametrize("by", [NAMESPACE, LANDLOCK])
@pytest.mark.parametrize("name", LINKS)
def test_a_confined_link_reads_nothing_of_the_machine(sandbox: Sandbox, name: str, by: str) -> None:
    need(by, sandbox.root)
    done = sandbox.linked(LINKS[name], by)
    assert done.exit_code
    assert not done.is_leaked


def test_a_confined_process_has_the_program_among_its_inputs(rule_runner: RuleRunner, tmp_path: Path) -> None:
    """Run by the engine, where Pants itself lays out a work directory and the toolchain's folder."""
    (tmp_path / "leak.h").write_text("int x;\n")
    toolchain = rule_runner.request(CcToolchain, [CcToolchainRequest(PLATFORM)])
    for source, is_sound in (("int x;\n", True), (f'#include "{tmp_path}/leak.h"\n', False)):
        process = Process(
            argv=(ZIG, "cc", "-target", zig_target(PLATFORM), "-c", "a.c", "-o", "a.o", "-MD", "-MF", "a.d"),
            env=ZIG_ENVIRONMENT,
            input_digest=rule_runner.request(Digest, [CreateDigest([FileContent("__work/a.c", source.encode())])]),
            immutable_input_digests={f"__work/{TOOLCHAIN_DIR}": toolchain.compiler},
            working_directory="__work",
            output_files=("a.o",),
            description="Compile for this test",
        )
        request = ConfinedProcess(process, toolchain.packages, "a.d")
        result = rule_runner.request(FallibleProcessResult, [request])
        assert (result.exit_code == 0) is is_sound, result.stderr
