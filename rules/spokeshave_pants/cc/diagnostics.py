"""The compiler's and linker's own words, made readable: colour only on a terminal, hints for what users meet most."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[mK]")
_MISSING_HEADER = re.compile(r"error: '([^/'\n][^'\n]*)' file not found")
# A file of the machine, as clang and its assembler say that it is hidden or must not be opened.
_MACHINE_FILE = re.compile(
    r"error: (?:'(/[^'\n]+)' file not found|cannot open file '([^'\n]+)': Permission denied"
    r"|Could not find (?:incbin|include) file '(/[^'\n]+)')"
)
_MISSING_FEATURE = re.compile(r"error: .*(?:needs target feature |requires target feature ')([\w.]+)")
# As ld.lld, lld-link and zig's linker for Mach-O say it.
_UNDEFINED = re.compile(r"(?:ld\.lld: |lld-link: )?(?:warning|error): undefined (?:[a-z]+ )?symbol: (.+)")
_REFERENCE = re.compile(r"(?:>>>|note:) referenced by (.+)")
# What an interpreter provides to every extension that it loads: CPython's C API.
_PYTHON_SYMBOL = re.compile(r"_?Py[A-Z_]\w*")


def plain(text: str) -> str:
    """Text without terminal escapes."""
    return _ESCAPE.sub("", text)


def missing_header_hint(stderr: str) -> str | None:
    """What to do about headers that the compiler did not find, or None where it found all."""
    headers = sorted(set(_MISSING_HEADER.findall(plain(stderr))))
    if not headers:
        return None
    return (
        f"No target owns a header that answers to {', '.join(repr(header) for header in headers)}. If it is in this "
        "repository, give it a `cc_sources` target, and that target the `include_root` it is included from. If it "
        "comes from a package, add its `cc_python_requirement` to this target's `dependencies`. Pants sees no file "
        "that .gitignore names, unless pants.toml has `pants_ignore_use_gitignore = false`."
    )


def machine_file_hint(stderr: str) -> str | None:
    """What to do about files of the machine that a source asks for, or None where it asks for none."""
    files = sorted({path for names in _MACHINE_FILE.findall(plain(stderr)) for path in names if path})
    if not files:
        return None
    return (
        f"A compiler sees its inputs and no file of the machine, as {', '.join(map(repr, files))} would be. Add the "
        "file to the repository, and to this target's `dependencies` a `file` target that owns it."
    )


def missing_feature_hint(stderr: str) -> str | None:
    """What to do about processor features that code was compiled without, or None where it had all."""
    features = sorted(set(_MISSING_FEATURE.findall(plain(stderr))))
    if not features:
        return None
    flags = ", ".join(f"'-m{feature}'" for feature in features)
    return (
        "The toolchain's clang switches off each feature that the platform's oldest processor lacks, and also what "
        "`target(...)` would imply. If the code asks the processor before it comes here, give this source alone the "
        f"`compile_flags` {flags}, by the `overrides` of its `cc_sources`; name the feature in `target(...)` otherwise."
    )


def undefined_symbols(stderr: str) -> dict[str, list[str]]:
    """Each undefined symbol that Python does not provide, with the places that refer to it, from ld.lld's output."""
    found: dict[str, list[str]] = {}
    current: str | None = None
    for line in plain(stderr).splitlines():
        symbol, reference = _UNDEFINED.search(line), _REFERENCE.search(line)
        if symbol:
            current = None if _PYTHON_SYMBOL.fullmatch(symbol[1]) else symbol[1]
            if current is not None:
                found.setdefault(current, [])
        elif reference and current is not None:
            found[current].append(reference[1].strip())
    return found
