"""The libraries for run-time dispatch agree with clang, whose numbers they use, and with this machine's kernel."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

_RESOURCES = Path(__file__).parents[2] / "rules/spokeshave_pants/resources"
SOURCE = _RESOURCES / "cpu_model.c"
ARM_SOURCE = _RESOURCES / "cpu_model_aarch64.c"
ARM_TARGETS = ("aarch64-linux-gnu.2.17", "aarch64-linux-musl", "aarch64-macos.11.0", "aarch64-windows-gnu")
TARGETS = ("x86_64-linux-gnu.2.17", "x86_64-linux-musl", "x86_64-macos.10.13", "x86_64-windows-gnu")
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the tests are x86-64's, of both libraries")

_ROW = re.compile(r"\{(\d+), \w+, \d+, \w+\},? +/\* ([\w.-]+)[^*]* \*/")
_LEVEL = re.compile(r"\{(\d+), \{[^}]*\}\},? +/\* (x86-64\S*) \*/")
_AVX10 = {"avx10.1": 114, "avx10.2": 116}
# clang has these numbers but accepts none of the names in `__builtin_cpu_supports`.
_NOT_ASKED = {"avx512er", "avx512pf", "avx5124vnniw", "avx5124fmaps", "prefetchwt1", "64-bit"}
# Linux' name of a feature, if it differs.
_KERNEL = {
    "sse3": "pni",
    "sse4.1": "sse4_1",
    "sse4.2": "sse4_2",
    "pclmul": "pclmulqdq",
    "bmi": "bmi1",
    "lzcnt": "abm",
    "sha": "sha_ni",
    "rdrnd": "rdrand",
    "sahf": "lahf_lm",
    "prfchw": "3dnowprefetch",
    "avx512vbmi2": "avx512_vbmi2",
    "avx512bf16": "avx512_bf16",
    "avx512vnni": "avx512_vnni",
    "avx512bitalg": "avx512_bitalg",
    "avx512vpopcntdq": "avx512_vpopcntdq",
    "avxvnni": "avx_vnni",
    "avx512fp16": "avx512_fp16",
    "64-bit": "lm",
    "amx-tile": "amx_tile",
    "amx-int8": "amx_int8",
    "amx-bf16": "amx_bf16",
}
_SAME = (
    *("cmov", "mmx", "popcnt", "sse", "sse2", "ssse3", "avx", "avx2", "sse4a", "fma4", "xop", "fma", "bmi2", "aes"),
    *("avx512f", "avx512vl", "avx512bw", "avx512dq", "avx512cd", "avx512vbmi", "avx512ifma", "gfni", "vpclmulqdq"),
    *("adx", "clflushopt", "clwb", "clzero", "cx16", "f16c", "fsgsbase", "movbe", "movdir64b", "movdiri", "rdpid"),
    *("rdseed", "vaes", "xsave", "xsavec", "xsaveopt", "xsaves"),
)
_YMM = {"avx", "avx2", "fma", "f16c", "xop", "fma4", "vaes", "vpclmulqdq", "avxvnni", "xsave"}


def features() -> dict[str, int]:
    """Return each feature's name and number, from the source."""
    text = SOURCE.read_text()
    return {name: int(number) for number, name in (*_ROW.findall(text), *_LEVEL.findall(text))} | _AVX10


def build(directory: Path, code: str, tested: Path = SOURCE, *options: str) -> ctypes.CDLL:
    """Build the source and additional code as a library of this machine, without a C library."""
    source = directory / "test.c"
    library = directory / "libtest.so"
    source.write_text(f'#include "{tested}"\n#define API __attribute__((visibility("default")))\n{code}')
    compile_c(TARGETS[0], source, library, "-shared", "-nostdlib", "-Wl,-z,defs", *options)
    return ctypes.CDLL(str(library))


def compile_c(target: str, source: Path, output: Path, *options: str) -> None:
    fixed = ("-O2", "-fPIC", "-fvisibility=hidden", "-fno-stack-protector", "-fno-sanitize=undefined", "-Werror")
    command = (sys.executable, "-m", "ziglang", "cc", "-target", target, *fixed, *options, str(source))
    result = subprocess.run((*command, "-o", str(output)), stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_feature_numbers_are_clangs(tmp_path: Path) -> None:
    asked = {name: number for name, number in features().items() if name not in _NOT_ASKED}
    assert len(asked) > 80
    assert set(features()) >= _NOT_ASKED
    checks = "".join(
        f'    only({number}, 0); if (!__builtin_cpu_supports("{name}")) return {number};\n'
        f'    only({number}, 1); if (__builtin_cpu_supports("{name}")) return {number};\n'
        for name, number in asked.items()
    )
    library = build(
        tmp_path,
        "static void only(unsigned feature, int rest) {\n"
        "    for (unsigned word = 0; word < 4; word++) {\n"
        "        unsigned bits = feature / 32 == word ? 1u << feature % 32 : 0;\n"
        "        volatile unsigned *to = word ? &__cpu_features2[word - 1] : &__cpu_model.features[0];\n"
        "        *to = rest ? ~bits : bits;\n"
        "    }\n}\n"
        f"API int first_wrong(void) {{\n{checks}    return -1;\n}}\n",
    )
    assert library.first_wrong() == -1


# Signatures of processors (CPUID leaf 1), with features that distinguish some of them.
MODELS = [
    ("intel", 1, 0x000506E3, 0, "skylake"),
    ("intel", 1, 0x000306A9, 0, "ivybridge"),
    ("intel", 1, 0x000306C3, 0, "haswell"),
    ("intel", 1, 0x00050654, 0, "skylake-avx512"),
    ("intel", 1, 0x00050657, 1 << 2, "cascadelake"),
    ("intel", 1, 0x0005065B, 1 << 2 | 1 << 4, "cooperlake"),
    ("intel", 1, 0x000606A6, 0, "icelake-server"),
    ("intel", 1, 0x000806F8, 0, "sapphirerapids"),
    ("intel", 1, 0x000A06D0, 0, "graniterapids"),
    ("intel", 1, 0x00090672, 0, "alderlake"),
    ("intel", 1, 0x000B06D1, 0, "lunarlake"),
    ("intel", 1, 0x00030673, 0, "silvermont"),
    ("intel", 1, 0x000D06D0, 0, "clearwaterforest"),
    ("amd", 2, 0x00100F22, 0, "barcelona"),
    ("amd", 2, 0x00600F20, 0, "bdver2"),
    ("amd", 2, 0x00800F11, 0, "znver1"),
    ("amd", 2, 0x00830F10, 0, "znver2"),
    ("amd", 2, 0x00A20F10, 0, "znver3"),
    ("amd", 2, 0x00A10F11, 0, "znver4"),
    ("amd", 2, 0x00B40F40, 0, "znver5"),
]


def test_processors_are_the_ones_clang_asks_for(tmp_path: Path) -> None:
    checks = "".join(
        f"    features[1] = {word}; __cpu_model.vendor = {number};\n"
        f"    find_model({number}, {signature:#x}, features);\n"
        f'    if (!__builtin_cpu_is("{vendor}") || !__builtin_cpu_is("{name}")) return {row};\n'
        for row, (vendor, number, signature, word, name) in enumerate(MODELS)
    )
    library = build(
        tmp_path, f"API int first_wrong(void) {{\n    unsigned features[4] = {{0}};\n{checks}    return -1;\n}}\n"
    )
    assert library.first_wrong() == -1


def test_detected_features_match_this_machines_kernel(tmp_path: Path) -> None:
    library = build(
        tmp_path,
        "API int supports(unsigned feature) {\n"
        "    unsigned all[4] = {__cpu_model.features[0], __cpu_features2[0], __cpu_features2[1], __cpu_features2[2]};\n"
        "    return has(all, feature);\n}\n"
        "API unsigned vendor(void) { return __cpu_model.vendor; }\n",
    )
    assert library.vendor() in (1, 2, 3), "the constructor did not run"
    line = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    flags = set(line.split())
    names = {**{name: name for name in _SAME}, **_KERNEL}
    numbers = features()
    found = {name: bool(library.supports(numbers[name])) for name in names}
    assert found == {name: kernel in flags for name, kernel in names.items()}


def test_features_need_the_state_that_the_system_saves(tmp_path: Path) -> None:
    library = build(
        tmp_path,
        "API int supports(unsigned feature, unsigned control) {\n"
        "    unsigned values[REGISTERS], features[4] = {0};\n"
        "    for (unsigned place = 0; place < REGISTERS; place++) ((volatile unsigned *)values)[place] = ~0u;\n"
        "    find_features(features, values, saved_states(control));\n"
        "    return has(features, feature);\n}\n",
    )
    controls = {"none": 0x1, "sse": 0x3, "ymm": 0x7, "zmm": 0xE7, "tile": 0x60007}
    numbers = features()
    with_state = {
        state: {name for name, number in numbers.items() if library.supports(number, control)}
        for state, control in controls.items()
    }
    assert with_state["none"] == with_state["sse"]
    wide = {name for name in numbers if name.startswith(("avx", "amx"))} | _YMM | {"x86-64-v3", "x86-64-v4"}
    assert not wide & with_state["sse"]
    assert "x86-64-v2" in with_state["sse"]
    assert with_state["ymm"] >= _YMM
    assert "x86-64-v3" in with_state["ymm"]
    assert not {name for name in with_state["ymm"] if name.startswith(("avx512", "avx10", "amx", "apx"))}
    assert {"avx512f", "avx10.2", "x86-64-v4"} <= with_state["zmm"]
    assert {"amx-tile", "amx-fp8"} <= with_state["tile"]
    assert "avx512f" not in with_state["tile"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_library_refers_to_nothing_outside_of_itself(target: str, tmp_path: Path) -> None:
    source = tmp_path / "test.c"
    entry = "int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }\n"
    source.write_text(f'#include "{SOURCE}"\n{entry if "windows" in target else ""}')
    strict = ("-Wl,-z,defs",) if "linux" in target else ()
    compile_c(target, source, tmp_path / "library", "-shared", "-nostdlib", *strict)


_ARM_ROW = re.compile(r"(\w+) = (\d+), +/\* ([\w-]+) \*/")
_ASKED = 1 << 63
# The backend's feature names, if `__builtin_cpu_supports` has others.
_BACKEND = {
    "fp": "fp-armv8",
    "simd": "neon",
    "fp16": "fullfp16",
    "dpb": "ccpp",
    "dpb2": "ccdp",
    "fcma": "complxnum",
    "flagm2": "altnzcv",
    "frintts": "fptoint",
    "jscvt": "jsconv",
    "memtag": "mte",
    "rng": "rand",
    "rcpc2": "rcpc-immo",
    "sve2-bitperm": "sve-bitperm",
}
# Linux' /proc/cpuinfo of Neoverse cores, and their differences from clang's features.
_N1 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs"
_V1 = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 "
    "sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs paca pacg dcpodp svei8mm svebf16 i8mm bf16 dgh rng"
)
_V2 = f"{_V1} sb sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint bti".replace(" rng", "")
_CRYPTO = {"aes", "sha2", "sha3", "sm4", "sve2-aes", "sve2-sha3", "sve2-sm4"}
ARM_PROCESSORS = [
    ("cortex_a53", "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid", set()),
    ("neoverse_n1", _N1, set()),
    ("neoverse_v1", _V1, set()),
    ("neoverse_v2", _V2, {"rng", "memtag"} | _CRYPTO),
]


def arm_features() -> dict[str, int]:
    """Return each feature's name for clang and number, from the source."""
    return {name: int(number) for _, number, name in _ARM_ROW.findall(ARM_SOURCE.read_text())}


def clang_masks(directory: Path, names: list[str]) -> dict[str, int]:
    """Return the bits that clang tests for each feature: its own number and those of its requirements."""
    source = directory / "masks.c"
    output = directory / "masks.ll"
    source.write_text(
        "".join(f'int f{n}(void) {{ return __builtin_cpu_supports("{v}"); }}\n' for n, v in enumerate(names))
    )
    compile_c(ARM_TARGETS[1], source, output, "-O0", *_AS_TEXT)
    return dict(zip(names, (int(mask) for mask in re.findall(r"= and i64 %\d+, (\d+)", output.read_text()))))


def backend_features(text: str, names: list[str]) -> set[str]:
    """Return those of the features that clang uses by default."""
    used = re.findall(r"\+([\w-]+)", "".join(re.findall(r'"target-features"="([^"]*)"', text)))
    return {name for name in names if _BACKEND.get(name, name) in used}


_AS_TEXT = ("-S", "-emit-llvm", "-Wno-unused-command-line-argument")


def test_arm_feature_numbers_are_clangs(tmp_path: Path) -> None:
    numbers = arm_features()
    masks = clang_masks(tmp_path, list(numbers))
    assert len(masks) == len(numbers) == len(set(numbers.values())) == 45
    for name, mask in masks.items():
        needed = {other for other, number in numbers.items() if mask >> number & 1}
        assert name in needed, name
        assert mask == sum(1 << numbers[other] for other in needed), name
        assert all(masks[other] & ~mask == 0 for other in needed), name


@pytest.mark.parametrize(("processor", "flags", "apart"), ARM_PROCESSORS)
def test_arm_features_match_clang(processor: str, flags: str, apart: set[str], tmp_path: Path) -> None:
    headers = next(Path(sys.prefix).glob("lib/python*/site-packages/ziglang/lib/libc/include/aarch64-linux-any"))
    words = {name: word for word, name in re.findall(r"define HWCAP(2?)_(\w+)", (headers / "asm/hwcap.h").read_text())}
    bits = {word: [f"HWCAP{word}_{f.upper()}" for f in flags.split() if words[f.upper()] == word] for word in ("", "2")}
    library = build(
        tmp_path,
        f"unsigned long getauxval(unsigned long type) {{\n    if (type == AT_HWCAP) return {'|'.join(bits[''])};\n"
        f"    return type == AT_HWCAP2 ? {'|'.join(bits['2']) or '0'} : 0;\n}}\n"
        "API unsigned long long features(void) { return __aarch64_cpu_features.features; }\n"
        "API void resolve(unsigned long hwcap) { __init_cpu_features_resolver(hwcap, 0); }\n",
        ARM_SOURCE,
        *("-isystem", str(headers)),
    )
    library.features.restype = ctypes.c_ulonglong
    found = library.features()
    names = list(arm_features())
    assert found & _ASKED
    masks = clang_masks(tmp_path, names)
    source = tmp_path / "empty.c"
    output = tmp_path / "empty.ll"
    source.write_text("int f(void) { return 1; }\n")
    compile_c(ARM_TARGETS[1], source, output, f"-mcpu={processor}", *_AS_TEXT)
    expected = backend_features(output.read_text(), names)
    assert {name for name in names if found & masks[name] == masks[name]} ^ expected == apart
    library.resolve(0)
    assert library.features() == _ASKED | masks["simd"]


@pytest.mark.parametrize("target", ARM_TARGETS)
def test_arm_features_known_unasked_are_clangs_and_hidden(target: str, tmp_path: Path) -> None:
    output = tmp_path / "library.ll"
    compile_c(target, ARM_SOURCE, output, "-fvisibility=default", *_AS_TEXT)
    text = output.read_text()
    numbers = arm_features()
    initial = re.search(r"@__aarch64_cpu_features = hidden .*global .*\{ i64 (\d+) \}", text)
    assert initial is not None
    assert re.search(r"define hidden .*@__init_cpu_features_resolver\(", text)
    known = {name for name, number in numbers.items() if int(initial[1]) >> number & 1}
    # The first Mac had `ssbs`, and newer ones lack it.
    used = backend_features(text, list(numbers)) - {"ssbs"}
    assert known == used
    assert {"fp", "simd"} <= known


# Libraries that zig does not link without a C library: Linux' system calls, and a DLL's start.
_ASKS = {
    "linux": "unsigned long getauxval(unsigned long type) { return type; }\n",
    "macos": "",
    "windows": "int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }\n",
}


@pytest.mark.parametrize("target", ARM_TARGETS)
def test_the_arm_library_refers_only_to_system_queries(target: str, tmp_path: Path) -> None:
    system = target.split("-")[1].split(".")[0]
    source = tmp_path / "test.c"
    source.write_text(f'#include "{ARM_SOURCE}"\n{_ASKS[system]}')
    options = {"linux": ("-Wl,-z,defs",), "macos": (), "windows": ("-lkernel32",)}[system]
    compile_c(target, source, tmp_path / "test.o", "-c")
    compile_c(target, tmp_path / "test.o", tmp_path / "library", "-shared", "-nostdlib", *options)
