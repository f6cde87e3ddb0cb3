"""A C++ core of any number of sources, with realistic layers, and one small binding."""

from __future__ import annotations

from pathlib import Path

_LAYERS = 10
_BUILD = "cc_sources()\n"
_PYTHON_BUILD = """\
python_extension(name="ext", module="generated._native", dependencies=["src/cpp/binding"])
"""
_BINDING = """\
#include <Python.h>

#include "{last_header}"

static PyObject* total(PyObject*, PyObject*) {{ return PyLong_FromLong(core::unit{last:03}({{1, 2, 3}})); }}
static PyMethodDef methods[] = {{{{"total", total, METH_NOARGS, nullptr}}, {{nullptr, nullptr, 0, nullptr}}}};
static PyModuleDef module = {{PyModuleDef_HEAD_INIT, "_native", nullptr, -1, methods}};
PyMODINIT_FUNC PyInit__native() {{ return PyModule_Create(&module); }}
"""
_HEADER = """\
#pragma once

#include <array>
{includes}
namespace core {{

struct Unit{n:03} {{
  int key;
  std::array<int, 3> values;
}};

long unit{n:03}(const std::array<int, 3>& values);

}}  // namespace core
"""
_SOURCE = """\
#include "{header}"

namespace core {{

long unit{n:03}(const std::array<int, 3>& values) {{
  Unit{n:03} unit{{{n}, values}};
  long sum = unit.key;
  for (const int value : unit.values) sum += value * {n};
{calls}  return sum;
}}

}}  // namespace core
"""


def layer_width(count: int) -> int:
    return max(count // _LAYERS, 1)


def header(n: int, count: int) -> str:
    """Return the include path of a unit's header. Each layer is a directory and a target."""
    return f"layer{n // layer_width(count):02}/unit{n:03}.h"


def below(n: int, count: int) -> tuple[int, ...]:
    """Return the units that a unit includes: up to three of the layer below its own."""
    width = layer_width(count)
    if n < width:
        return ()
    base = (n // width - 1) * width
    return tuple(sorted({base + (n * step) % width for step in (1, 3, 7)}))


def write_core(root: Path, count: int) -> None:
    """Write the sources and BUILD files below `src`. The binding includes the last unit, which reaches every layer."""
    cpp = root / "src" / "cpp"
    python = root / "src" / "python"
    _write(cpp / "binding" / "BUILD", _BUILD)
    _write(python / "BUILD", _PYTHON_BUILD)
    _write(cpp / "binding" / "binding.cc", _BINDING.format(last=count - 1, last_header=header(count - 1, count)))
    for n in range(count):
        path = cpp / header(n, count)
        units = below(n, count)
        includes = "".join(f'#include "{header(unit, count)}"\n' for unit in units)
        calls = "".join(f"  sum += unit{unit:03}(unit.values);\n" for unit in units)
        _write(path.parent / "BUILD", _BUILD)
        _write(path, _HEADER.format(n=n, includes=f"\n{includes}" if units else ""))
        _write(path.with_suffix(".cc"), _SOURCE.format(n=n, header=header(n, count), calls=calls))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
