"""A C++ core of thousands of small sources, whose headers include each other in ten layers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LAYERS = 10
# Folders, and so targets, of this size.
FOLDER = 10
_BINDING = """\
#include <Python.h>

#include "top/top.h"

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", 0, -1, 0};
PyMODINIT_FUNC PyInit__native() { return top() ? PyModule_Create(&module) : 0; }
"""
EXTENSION = 'python_extension(name="ext", module="generated._native", dependencies=["src/cpp/binding"])\n'


def header(n: int) -> str:
    """Return the include path of a unit's header."""
    return f"part{n // FOLDER:04}/unit{n:05}.h"


def below(n: int, count: int) -> tuple[int, ...]:
    """Return the units that a unit includes: three of the layer below, one of them far away.

    So a unit reaches at most 135 headers and 49 on average, however many units there are.
    """
    width = count // LAYERS
    if n < width:
        return ()
    base = (n // width - 1) * width
    return tuple(sorted({base + (n + step) % width for step in (0, 1, width // 3)}))


def reached(n: int, count: int) -> set[int]:
    """Return the units whose headers a unit's source reads, besides its own."""
    found: set[int] = set()
    pending = list(below(n, count))
    while pending:
        unit = pending.pop()
        if unit not in found:
            found.add(unit)
            pending += below(unit, count)
    return found


def write_wide_core(root: Path, count: int) -> None:
    """Write a header and a source for each unit, and the source of a binding that reaches all units of the core.

    `tailor` writes the BUILD files, and `EXTENSION` is that of the extension.
    """
    for path, text in _files(count):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _files(count: int) -> Iterator[tuple[str, str]]:
    width = count // LAYERS
    for n in range(count):
        units = below(n, count)
        includes = "".join(f'#include "{header(unit)}"\n' for unit in units)
        # The number of units in each text keeps the results of a smaller core from being used.
        yield f"src/cpp/{header(n)}", f"#pragma once\n{includes}int unit{n}();  // of {count}\n"
        calls = "".join(f" + unit{unit}()" for unit in units)
        text = f'#include "{header(n)}"\nint unit{n}() {{ return {n}{calls}; }}\n'
        yield f"src/cpp/{header(n)[:-2]}.cc", text
    top = range(count - width, count)
    includes = "".join(f'#include "{header(n)}"\n' for n in top)
    body = " + ".join(f"unit{n}()" for n in top)
    yield "src/cpp/top/top.h", f"#pragma once\nint top();  // of {count}\n"
    yield "src/cpp/top/top.cc", f'#include "top/top.h"\n{includes}int top() {{ return {body}; }}\n'
    yield "src/cpp/binding/binding.cc", _BINDING
