"""Tests of flags that leave the sandbox or depend on the host, in every form of compilers and linkers."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.sandbox_flags import flag_parts, leaves_sandbox, refused_flags

# Flags with an attached path.
JOINED = (
    *("-B", "-F", "-L", "-T", "-idirafter", "-iframework", "-imacros", "-include", "-iquote", "-isysroot", "-isystem"),
    *("-include-pch", "-resource-dir", "-cxx-isystem", "-stdlib++-isystem", "-l:", "-some-new-flag"),
)
EQUALS = (
    *("--sysroot=", "-fmodule-map-file=", "-fmodule-file=", "-fmodule-file=name=", "-fprofile-use=", "--include="),
    *("-fprofile-instr-use=", "-fprofile-sample-use=", "-fsanitize-blacklist=", "-fsanitize-ignorelist="),
    *("-fembed-offload-object=", "--embed-dir=", "-resource-dir=", "-fmodules-cache-path=", "--version-script="),
    *("--dynamic-list=", "-T=", "--script=", "-Map=", "--reproduce=", "-some-new-flag=", "-plugin-opt=x="),
)
INSIDE = (
    *("-Wa,-I", "-Wp,-include,", "-Wl,-T,", "-Wl,--version-script=", "-Wl,-sectcreate,__TEXT,__x,", "-Wl,-force_load,"),
    *("-Wl,-exported_symbols_list,", "-Wl,", "-Wa,"),
)
WINDOWS = ("-LIBPATH:", "-libpath:", "-DEF:", "-def:", "-wholearchive:", "-defaultlib:", "-manifestinput:", "-natvis:")
SEPARATE = ("-isystem", "-include", "-imacros", "-L", "-T", "--sysroot", "--version-script", "-framework", "-x", "-R")


def is_refused(*flags: str, is_link: bool = False) -> bool:
    return bool(refused_flags(flags, is_link=is_link))


@pytest.mark.parametrize("outside", ["/etc/x.h", "../x", "a/../../x", "./../x", ".."])
@pytest.mark.parametrize("flag", ["", *JOINED, *EQUALS, *INSIDE])
def test_a_path_outside_is_refused_in_any_flag(flag: str, outside: str) -> None:
    if flag == "-some-new-flag" and not outside.startswith(("/", "../")):
        outside = "/x"  # the end of an unknown flag and the start of its value are ambiguous
    assert is_refused(f"{flag}{outside}")
    assert is_refused(f"{flag}{outside}", is_link=True)


@pytest.mark.parametrize("outside", ["/etc/x.lib", "../x.lib", "a/../../x.lib"])
@pytest.mark.parametrize("flag", WINDOWS)
def test_a_path_outside_is_refused_in_flags_of_windows_linker(flag: str, outside: str) -> None:
    assert is_refused(f"{flag}{outside}", is_link=True)


@pytest.mark.parametrize("passed_on", [(), ("-Xclang",), ("-Xlinker",), ("-Xassembler",), ("-Xpreprocessor",)])
@pytest.mark.parametrize("flag", SEPARATE)
def test_a_path_outside_is_refused_as_an_argument_of_its_own(flag: str, passed_on: tuple[str, ...]) -> None:
    flags = (*passed_on, flag, *passed_on, "../x")
    assert "../x" in [refused.flag for refused in refused_flags(flags)]
    assert is_refused(*flags, is_link=True)


@pytest.mark.parametrize(
    "flags",
    [
        *(("@flags",), ("@/outside/flags",), ("-Wl,@flags",), ("-Xclang", "@flags"), ("-Xlinker", "@flags")),
        *(("-Wl,--version-script=@x",), ("-D", "@flags"), ("-rpath", "@/outside/flags"), ("-Wl,-rpath,@x",)),
        *(("-order:@order.txt",), ("--config", "x.cfg"), ("--config=x.cfg",), ("-specs=x",)),
        ("-ivfsoverlay", "x.yaml"),
    ],
)
def test_flags_from_a_file_are_refused(flags: tuple[str, ...]) -> None:
    for is_link in (False, True):
        (refused, *_) = refused_flags(flags, is_link=is_link)
        assert "from a file" in refused.reason


@pytest.mark.parametrize(
    "flags",
    [
        *(("-march=native",), ("-mcpu=native",), ("-mtune=native",), ("-march=native+crypto",), ("-mcpu=native-avx",)),
        *(("-Xclang", "-target-cpu", "-Xclang", "native"), ("-Wl,-mllvm,-mcpu=native",), ("-plugin-opt=mcpu=native",)),
        *(("-target", "native"), ("--target=native-native",), ("-target", "x86_64-linux-gnu"), ("-fuse-ld=gold",)),
        *(("--ld-path=ld",), ("-###",), ("-print-search-dirs",), ("--print-file-name=libc.a",), ("-dumpmachine",)),
        *(("--gcc-toolchain=sdk",), ("--gcc-install-dir=sdk",), ("-fplugin=x.so",), ("-fpass-plugin=x.so",)),
        *(("-Xclang", "-load", "-Xclang", "x.so"), ("-working-directory", "src"), ("-working-directory=src",)),
        *(("-iprefix", "."), ("-iwithprefix", "./x"), ("-o", "x.o"), ("-MF", "x.d"), ("-MMD",), ("-Wp,-MD,x.d",)),
        *(("-Iinclude",), ("-Wp,-Iinclude",), ("-fuse-ld=lld",), ("-fuse-ld",)),
    ],
)
def test_flags_that_ask_for_the_machine_are_refused(flags: tuple[str, ...]) -> None:
    assert is_refused(*flags)


@pytest.mark.parametrize(
    "flags",
    [
        *(('-DPREFIX="/usr/share"',), ("-DUP=../x",), ("-D", "ROOT=/opt/x"), ("-DMODE=native",), ("-DFILE=@x",)),
        *(("-Wp,-DROOT=/opt",), ("-DPATH(x)=/x",), ("-UX",), ("-Wall",), ("-O3",), ("-mavx2",), ("-march=x86-64-v3",)),
        *(("-ffile-prefix-map=/a=b",), ("-fdebug-prefix-map=../a=/b",), ("-fmacro-prefix-map=src/=",)),
        *(("-ffile-compilation-dir=/x",), ("-frandom-seed=/x",), ("-fprofile-generate=/tmp/x",), ("-std=gnu++20",)),
        *(("-include", "src/x.h"), ("-includesrc/x.h",), ("-imacros", "src/x.h"), ("--include=src/x.h",)),
        *(("-Xclang", "-fno-x"), ("-mllvm", "-inline-threshold=5"), ("-Rpass=inline",)),
        *(("-fnative-half-type",), ("-Wno-error=format",), ("-x", "c++"), ("-fvisibility=hidden",), ("-g1",)),
    ],
)
def test_sound_compile_flags_are_kept(flags: tuple[str, ...]) -> None:
    assert refused_flags(flags) == ()


@pytest.mark.parametrize("folder", ["include", ".", "./vendored/a/../include"])
@pytest.mark.parametrize("passed_on", [(), ("-Xclang",), ("-Xpreprocessor",)])
@pytest.mark.parametrize(
    "flag",
    [
        *("-I", "-isystem", "-iquote", "-idirafter", "-iframework", "-iframeworkwithsysroot", "-iwithprefixbefore"),
        *("-cxx-isystem", "-c-isystem", "-stdlib++-isystem", "-isystem-after", "--embed-dir", "--include-directory"),
        *("--include-directory-after", "-iwithsysroot", "-iprefix"),
    ],
)
def test_a_folder_of_headers_is_an_include_root(flag: str, passed_on: tuple[str, ...], folder: str) -> None:
    joined = f"{flag}={folder}" if flag.startswith("--") else f"{flag}{folder}"
    for flags in ((*passed_on, flag, *passed_on, folder), (*passed_on, joined), (f"-Wp,{joined}",)):
        (refused,) = refused_flags(flags)
        assert refused.reason == "use `include_root`"


@pytest.mark.parametrize(
    "flags",
    [
        *(("-Wl,-R,$ORIGIN/../../lib",), ("-Wl,-R$ORIGIN/../../lib",), ("-R$ORIGIN/../..",), ("-R", "$ORIGIN/../..")),
        *(("-Wl,-rpath,${ORIGIN}/../../lib",), ("-Wl,-rpath,'$ORIGIN/../../lib'",), ("-Wl,-R,@loader_path/../..",)),
        *(("-fuse-ld=lld",), ("-fuse-ld=gold",), ("-fuse-ld=mold",)),
        *(("-Wl,-rpath,$ORIGIN/../lib",), ("-Wl,-rpath,$ORIGIN/../../lib",), ("-Wl,-rpath=$ORIGIN/../..",)),
        *(("-rpath", "$ORIGIN/../../lib"), ("--rpath=/opt/lib",), ("-Wl,-rpath,@loader_path/../../lib",)),
        *(("-Xlinker", "-rpath", "-Xlinker", "@loader_path/../.."), ("-Wl,-rpath", "-Wl,$ORIGIN/../../x")),
        *(("-install_name", "@rpath/libx.dylib"), ("-Wl,-install_name,@rpath/libx.dylib",), ("-soname", "libx.so.1")),
        *(("-lm",), ("-lpthread",), ("-l:libz.a",), ("-pthread",), ("-static-libgcc",), ("-Bsymbolic",), ("-z", "now")),
        *(("--wrap=malloc",), ("-Wl,--wrap,malloc",), ("-framework", "CoreFoundation"), ("-Wl,-dead_strip",)),
        *(("-delayload:user32.dll",), ("-DEF:x.def",), ("-STACK:0x100000,0x1000",), ("-merge:.a=.b",), ("-export:f",)),
        *(("--print-map",), ("-M",), ("--print-gc-sections",), ("-DROOT=/opt/x",), ("--build-id=sha1",)),
        *(("-Wl,-z,relro", "-Wl,-z,now"), ("--dynamic-linker=/lib/ld.so",), ("-Tdata=0x1000",)),
    ],
)
def test_sound_link_flags_are_kept(flags: tuple[str, ...]) -> None:
    assert refused_flags(flags, is_link=True) == ()


def test_each_refused_flag_is_reported_once_as_the_user_wrote_it() -> None:
    found = refused_flags(["-O3", "-march=native", "-Wl,-T,/a,-L/b", "@x", "-Wall"])
    assert [refused.flag for refused in found] == ["-march=native", "-Wl,-T,/a,-L/b", "@x"]
    assert "depend on that machine" in found[0].reason
    assert "`dependencies`" in found[1].reason


@pytest.mark.parametrize("flag", ["-Wl,--version-script=/x.map", "-T../x.ld", "-L/usr/lib", "/usr/lib/libz.a"])
def test_a_link_is_not_given_files_by_dependencies(flag: str) -> None:
    (refused,) = refused_flags([flag], is_link=True)
    assert "only the objects and libraries" in refused.reason
    assert "`cc_sources`" in refused.reason


@pytest.mark.parametrize("flag", ["-fuse-ld=/usr/bin/ld", "-fuse-ld=bin/ld", "-fuse-ld=../ld", "-fuse-ld=", "-fuse-ld"])
def test_a_program_is_not_taken_as_the_linker(flag: str) -> None:
    (refused,) = refused_flags([flag], is_link=True)
    assert "programs" in refused.reason


@pytest.mark.parametrize("value", ["$ORIGINAL/../x", "$HOME/../../x", "@loader_paths", "@/x"])
def test_only_a_librarys_own_folder_is_text_after_any_flag(value: str) -> None:
    assert is_refused(f"-Wl,-R,{value}/../..", is_link=True)


def test_wrapped_flags_are_read_by_their_parts() -> None:
    flags = ("-O2", "-Wl,-z,now", "-Xclang", "-fno-x")
    assert [part for _, part in flag_parts(flags)] == ["-O2", "-z", "now", "-fno-x"]


def test_a_windows_flag_with_a_slash_is_refused() -> None:
    (refused,) = refused_flags(["/DELAYLOAD:user32.dll"], is_link=True)
    assert "'-DELAYLOAD:user32.dll'" in refused.reason


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        *(("src", False), (".", False), ("", False), ("a/..", False), ("a/../b", False), ("..a", False)),
        *(("/", True), ("/a", True), ("//a", True), ("..", True), ("../a", True), ("a/../..", True), ("./../a", True)),
    ],
)
def test_a_path_leaves_the_sandbox_by_being_absolute_or_climbing(path: str, leaves: bool) -> None:
    assert leaves_sandbox(path) is leaves
