"""Tests of the translation of a driver's link flags for each format's linker."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.link.driver_flags import link_arguments

GLIBC, MUSL, MACOS, WINDOWS = (
    Platform.parse(tag) for tag in ("manylinux_2_17_x86_64", "musllinux_1_2_aarch64", "macosx_11_0_arm64", "win_amd64")
)
ALL = (GLIBC, MUSL, MACOS, WINDOWS)

# Flags, and the arguments of ld.lld, zig's driver for Mach-O, and lld-link.
TAKEN: list[tuple[str, str, str, str]] = [
    ("-lm -lpthread -ldl -lrt -lutil", "", "", ""),
    ("-lstdc++ -lgcc_s -lc++ -latomic", "", "", ""),
    ("-l m -l:libm.so.6", "", "", ""),
    ("-pthread", "", "", ""),
    ("-static-libgcc -static-libstdc++ -s -shared", "", "", ""),
    ("-fPIC -O2 -O3 -g -g1 -Wall -std=gnu17 -flto -flto=thin -march=x86-64-v2 -fno-strict-aliasing", "", "", ""),
    ("-bundle -undefined dynamic_lookup", "", "-Wl,-undefined,dynamic_lookup", ""),
    ("-Wl,-undefined,dynamic_lookup", "", "-Wl,-undefined,dynamic_lookup", ""),
    ("-Wl,-z,now", "-z now", "", ""),
    ("-Wl,--as-needed,-z,relro", "--as-needed -z relro", "", ""),
    ("-z now", "-z now", "", ""),
    ("-Xlinker -z -Xlinker now", "-z now", "", ""),
    ("-Wl,-O1 -Wl,--gc-sections -Wl,--hash-style=gnu", "-O1 --gc-sections --hash-style=gnu", "", ""),
    ("-Wl,-Bstatic -lstdc++ -Wl,-Bdynamic", "", "", ""),
    ("-Wl,-rpath,$ORIGIN/lib", "-rpath $ORIGIN/lib", "", ""),
    ("-Wl,-rpath=$ORIGIN", "-rpath $ORIGIN", "", ""),
    ("-Wl,-rpath,@loader_path/lib", "", "-Wl,-rpath,@loader_path/lib", ""),
    ("-lpython3.12", "", "", ""),
    ("-Wl,-rpath,$ORIGIN:$ORIGIN/../lib", "-rpath $ORIGIN:$ORIGIN/../lib", "", ""),
    ("-Wl,-rpath,$ORIGIN/lib:@loader_path/lib", "-rpath $ORIGIN/lib", "-Wl,-rpath,@loader_path/lib", ""),
    ("-Wl,-rpath,@loader_path:@loader_path/..", "", "-Wl,-rpath,@loader_path -Wl,-rpath,@loader_path/..", ""),
    ("-Wl,-rpath,${ORIGIN}/lib", "-rpath $ORIGIN/lib", "", ""),
    ("-Wl,-rpath,'$ORIGIN/lib'", "-rpath $ORIGIN/lib", "", ""),
    ('-Wl,-rpath="$ORIGIN/lib"', "-rpath $ORIGIN/lib", "", ""),
    (r"-Wl,-rpath,\$ORIGIN -Wl,-rpath,$$ORIGIN/a", "-rpath $ORIGIN -rpath $ORIGIN/a", "", ""),
    ("-Wl,-R$ORIGIN/lib -R$ORIGIN -Wl,-R,$ORIGIN", "-rpath $ORIGIN/lib -rpath $ORIGIN -rpath $ORIGIN", "", ""),
    ("-Xlinker -rpath -Xlinker @loader_path/../lib", "", "-Wl,-rpath,@loader_path/../lib", ""),
    ("-fuse-ld=lld -rdynamic -pipe -no-pie", "", "", ""),
    ("-Wl,--exclude-libs,ALL", "--exclude-libs ALL", "", ""),
    ("-Wl,--exclude-libs=ALL", "--exclude-libs=ALL", "", ""),
    ("-Wl,--exclude-libs,libz.a:libx.a", "--exclude-libs libz.a:libx.a", "", ""),
    ("-Wl,-exclude-libs,ALL,-no-undefined", "-exclude-libs ALL -no-undefined", "", ""),
    ("-Wl,--hash-style,gnu -Wl,--build-id", "--hash-style gnu --build-id", "", ""),
    ("-Wl,-Map,x.map -Wl,-Map=x.map", "-Map x.map -Map=x.map", "", ""),
    ("-Wl,--out-implib,libx.dll.a -Wl,--out-implib=libx.dll.a", "", "", ""),
    ("-Wl,--push-state,--whole-archive,--pop-state,-E", "--push-state --whole-archive --pop-state -E", "", ""),
    ("-Wl,--rpath-link,lib -Wl,-rpath-link=lib", "--rpath-link lib -rpath-link=lib", "", ""),
    ("-Wl,-current_version,1.0.0", "", "-Wl,-current_version,1.0.0", ""),
    ("-fcf-protection -ffp-contract=off -fcolor-diagnostics -fopenmp-simd -fno-sanitize=all", "", "", ""),
    ("-DNDEBUG -DA=1 -D B=2 -UC -DF(x)=x -DNAME=a:b -Wp,-D_FORTIFY_SOURCE=2 -Wa,--noexecstack", "", "", ""),
    ("-W -Wextra -Wformat=2 -Wno-error=format -Wc++11-compat -Wno-#warnings -Werror", "", "", ""),
    ("-nostartfiles -nostdlib -nostdinc++ -nostdlib++ -nodefaultlibs", "", "", ""),
    ("-gz -gz=zlib -gdwarf-4 -gline-tables-only -ggdb3 -Qunused-arguments -Og -Ofast -std=c++20", "", "", ""),
    ("-msha -mno-avx -mfpmath=sse -msse4.2 -mavx10.1-512 -mabi=lp64 -mwindows -municode", "", "", ""),
    ("-fdebug-prefix-map=/a=b -ffile-prefix-map=C:=D: -Rpass=inline -Xclang -fno-x", "", "", ""),
    ("-lstdc++fs -lc++fs -lc++experimental -lssp -lssp_nonshared", "", "", ""),
    ("-Wl,", "", "", ""),
]


@pytest.mark.parametrize(("flags", "elf", "macho", "pe"), TAKEN)
def test_a_drivers_flags_become_the_linkers(flags: str, elf: str, macho: str, pe: str) -> None:
    for platform, expected in ((GLIBC, elf), (MUSL, elf), (MACOS, macho), (WINDOWS, pe)):
        translated = link_arguments(tuple(flags.split()), platform)
        assert (translated.problems, " ".join(translated.arguments)) == ((), expected), platform


@pytest.mark.parametrize(
    ("platform", "flags"),
    [
        (GLIBC, "--wrap=malloc -u symbol --defsym=a=b -Bsymbolic"),
        (GLIBC, "-lresolv --as-needed"),
        (MACOS, "-Wl,-dead_strip -Wl,-exported_symbol,_x"),
        (GLIBC, "-gc-sections -fini=stop -mllvm -inline-threshold=5 -Tdata=0x1000"),
        (MACOS, "-Wl,-u,_x"),
        (WINDOWS, "-delayload:user32.dll /OPT:ICF -largeaddressaware:no -WX -guard:cf -DEBUG"),
        (WINDOWS, "-LARGEADDRESSAWARE -LTCG -LLDMAP:x.map -DLL -DELAYLOAD:a.dll -FORCE:MULTIPLE -OPT:REF -RELEASE"),
        (WINDOWS, "-TSAWARE:NO -manifest:no -merge:.a=.b -filealign:512 -heap:1 -map -machine:x64 -Wl,-ltcg"),
    ],
)
def test_what_the_linker_takes_is_passed_on(platform: Platform, flags: str) -> None:
    translated = link_arguments(tuple(flags.split()), platform)
    kept = flags.replace("-lresolv ", "").replace("_symbol,_x", "_symbol -Wl,_x").replace("-Wl,-ltcg", "-ltcg")
    assert translated.problems == ()
    assert " ".join(translated.arguments) == kept


@pytest.mark.parametrize("flag", ["-lws2_32", "ws2_32.lib", "WS2_32.lib", "-lBcrypt", "/DEFAULTLIB:user32.lib"])
def test_windows_own_libraries_are_linked_anyway(flag: str) -> None:
    assert link_arguments((flag,), WINDOWS).arguments == () == link_arguments((flag,), WINDOWS).problems


REFUSED: list[tuple[tuple[Platform, ...], str, tuple[str, ...]]] = [
    (ALL, "-lz", ("'-lz'", "`cc_sources`")),
    (ALL, "-l openblas", ("'-l openblas'", "`cc_shared_library`")),
    (ALL, "-Lbuild/lib", ("'-Lbuild/lib'", "no folder is searched")),
    (ALL, "-L lib", ("'-L lib'",)),
    (ALL, "libz.a", ("'libz.a'", "no such file")),
    (ALL, "third_party/z.o", ("no such file",)),
    (ALL, "-Wl,-rpath,/usr/local/lib", ("'-rpath /usr/local/lib'", "Remove it")),
    (ALL, "-Wl,-rpath=build/lib", ("'-rpath build/lib'",)),
    (ALL, "-R lib", ("'-R lib'",)),
    ((GLIBC, MUSL, WINDOWS), "-framework CoreFoundation", ("only on macOS", "`platform_link_flags`")),
    ((MACOS,), "-framework CoreFoundation", ("'-framework CoreFoundation'", "only libSystem")),
    ((MACOS,), "-Wl,-framework,Accelerate", ("'-framework Accelerate'",)),
    (ALL, "-weak_framework Accelerate", ("'-weak_framework Accelerate'",)),
    ((WINDOWS,), "-Wl,-u,x", ("'-u x'", "lld-link")),
    ((WINDOWS,), "-LIBPATH:lib", ("no folder is searched",)),
    ((GLIBC, MACOS), "-LTCG", ("no folder is searched",)),
    ((WINDOWS,), "-lsetupapi", ("ws2_32", "LoadLibrary")),
    ((WINDOWS,), "d3d11.lib", ("'d3d11.lib'", "LoadLibrary")),
    ((WINDOWS,), "-libpath:lib", ("no folder is searched",)),
    ((GLIBC, MACOS), "-lcrypt", ("'-lcrypt'",)),
    ((GLIBC,), "-lws2_32", ("'-lws2_32'",)),
    (ALL, "-static", ("'-static'", "Remove it")),
    (ALL, "-arch arm64", ("'-arch arm64'", "tag")),
    (ALL, "-m32", ("'-m32'", "tag")),
    (ALL, "-Wl,-m,elf_x86_64", ("'-m elf_x86_64'", "tag")),
    (ALL, "-mmacosx-version-min=11.0", ("oldest macOS",)),
    (ALL, "-fopenmp", ("OpenMP", "one thread")),
    (ALL, "-fopenmp=libomp", ("OpenMP",)),
    (ALL, "-fprofile-generate", ("profiles",)),
    (ALL, "-pg", ("profiles",)),
    (ALL, "--coverage", ("profiles",)),
    (ALL, "-OUT:x.dll", ("name of its file",)),
    (ALL, "-Wl,--output=x", ("name of its file",)),
    *(
        (ALL, flags, (shown, "`library_name`"))
        for flags, shown in (
            ("-Wl,-soname,libx.so", "'-soname libx.so'"),
            ("-Wl,-soname=libx.so", "'-soname=libx.so'"),
            ("-Wl,--soname,libx.so.1", "'--soname libx.so.1'"),
            ("-Wl,--soname=libx.so", "'--soname=libx.so'"),
            ("-Wl,-h,libx.so", "'-h libx.so'"),
            ("-Wl,-hlibx.so", "'-hlibx.so'"),
            ("-install_name @rpath/libx.dylib", "'-install_name @rpath/libx.dylib'"),
            ("-Wl,-install_name,@rpath/libx.dylib", "'-install_name @rpath/libx.dylib'"),
        )
    ),
    *(
        (ALL, flags, ("not other files", "only its init function", "visibility", "Remove it"))
        for flags in (
            *("-Wl,--version-script=exports.map", "-Wl,--version-script,exports.map", "-Wl,-version-script=x.map"),
            *("-Wl,--dynamic-list=x", "-Wl,--dynamic-list,x", "-Wl,-T,x.ld", "-T x.ld", "-Tx.ld", "--script=x.ld"),
            *("-Wl,-exported_symbols_list,x.exp", "-exported_symbols_list x.exp", "-unexported_symbols_list x"),
            *("-Wl,-force_load,libx.a", "-Wl,-order_file,x", "-DEF:x.def", "-def:x.def", "-Wl,-DEF:x.def"),
            *("-Wl,--just-symbols=x", "-Wl,--symbol-ordering-file=x", "-MANIFESTINPUT:x.xml"),
        )
    ),
    (ALL, "-Wl,-rpath", ("'-rpath'", "value is missing")),
    (ALL, "-Wl,-z", ("'-z'", "value is missing")),
    *(
        (ALL, flags, ("`$ORIGIN`", "`@loader_path`", "Remove it"))
        for flags in (
            *("-Wl,-rpath,$ORIGIN:/usr/lib", "-Wl,-rpath,/usr/lib:$ORIGIN", "-Wl,-rpath,$ORIGIN:", "-Wl,-rpath="),
            *("-Wl,-R/usr/lib", "-Wl,-rpath,@loader_path:lib", "-Wl,-rpath,$ORIGINAL", "-Wl,-rpath,@executable_path/x"),
            *("-Wl,-rpath,'/usr/lib'", "-Wl,-Rlib"),
        )
    ),
    (ALL, "-fsanitize=address", ("sanitizer",)),
    ((WINDOWS,), "-Wl,--wrap=malloc", ("'--wrap=malloc'", "lld-link", "`platform_link_flags`")),
]


@pytest.mark.parametrize(("platforms", "flags", "words"), REFUSED)
def test_what_cannot_be_linked_is_refused(platforms: tuple[Platform, ...], flags: str, words: tuple[str, ...]) -> None:
    for platform in platforms:
        translated = link_arguments(tuple(flags.split()), platform)
        assert translated.arguments == (), platform
        assert len(translated.problems) == 1, platform
        assert [word for word in words if word not in translated.problems[0]] == [], platform


def test_all_problems_are_reported_together() -> None:
    translated = link_arguments(("-lz", "-Wl,-z,now", "-lopenblas", "-static"), GLIBC)
    assert len(translated.problems) == 3
    assert translated.arguments == ("-z", "now")


def test_musl_has_crypt_in_its_c_library() -> None:
    assert link_arguments(("-lcrypt",), MUSL).problems == ()
