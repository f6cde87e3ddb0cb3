"""The library for run-time dispatch agrees with clang, whose numbers it uses, and with this machine's kernel."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "rules/spokeshave_pants/resources/cpu_model.c"
TARGETS = ("x86_64-linux-gnu.2.17", "x86_64-linux-musl", "x86_64-macos.10.13", "x86_64-windows-gnu")
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the library is for x86-64")

_ROW = re.compile(r"\{(\d+), \w+, \d+, \w+\},? +/\* ([\w.-]+)[^*]* \*/")
_LEVEL = re.compile(r"\{(\d+), \{[^}]*\}\},? +/\* (x86-64\S*) \*/")
_AVX10 = {"avx10.1": 114, "avx10.2": 116}
# clang knows these numbers and takes none of the names in `__builtin_cpu_supports`.
_NOT_ASKED = {"avx512er", "avx512pf", "avx5124vnniw", "avx5124fmaps", "prefetchwt1", "64-bit"}
# What Linux calls a feature, where the name is another one.
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
    """Each feature's name and number, as the source has them."""
    text = SOURCE.read_text()
    return {name: int(number) for number, name in (*_ROW.findall(text), *_LEVEL.findall(text))} | _AVX10


def build(directory: Path, code: str) -> ctypes.CDLL:
    """The source and code after it as a library of this machine, which has no C library to lean on."""
    source, library = directory / "test.c", directory / "libtest.so"
    source.write_text(f'#include "{SOURCE}"\n#define API __attribute__((visibility("default")))\n{code}')
    compile_c(TARGETS[0], source, library, "-shared", "-nostdlib", "-Wl,-z,defs")
    return ctypes.CDLL(str(library))


def compile_c(target: str, source: Path, output: Path, *options: str) -> None:
    fixed = ("-O2", "-fPIC", "-fvisibility=hidden", "-fno-stack-protector", "-fno-sanitize=undefined", "-Werror")
    command = (sys.executable, "-m", "ziglang", "cc", "-target", target, *fixed, *options, str(source))
    result = subprocess.run((*command, "-o", str(output)), stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_feature_numbers_are_clangs(tmp_path: Path) -> None:
    asked = {name: number for name, number in features().items() if name not in _NOT_ASKED}
    assert len(asked) > 80 and set(features()) >= _NOT_ASKED
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


# Signatures of processors (CPUID leaf 1), with features that tell some of them apart.
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


def test_this_machine_has_what_its_kernel_reports(tmp_path: Path) -> None:
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
    assert not wide & with_state["sse"] and "x86-64-v2" in with_state["sse"]
    assert with_state["ymm"] >= _YMM and "x86-64-v3" in with_state["ymm"]
    assert not {name for name in with_state["ymm"] if name.startswith(("avx512", "avx10", "amx", "apx"))}
    assert {"avx512f", "avx10.2", "x86-64-v4"} <= with_state["zmm"]
    assert {"amx-tile", "amx-fp8"} <= with_state["tile"] and "avx512f" not in with_state["tile"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_library_refers_to_nothing_outside_of_itself(target: str, tmp_path: Path) -> None:
    source = tmp_path / "test.c"
    entry = "int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }\n"
    source.write_text(f'#include "{SOURCE}"\n{entry if "windows" in target else ""}')
    strict = ("-Wl,-z,defs",) if "linux" in target else ()
    compile_c(target, source, tmp_path / "library", "-shared", "-nostdlib", *strict)
