#include <Python.h>

#include <stdexcept>

#include "geometry/path.h"
#include "geometry/polygon.h"
#include "geometry/text.h"

namespace {

PyObject* square(PyObject*, PyObject* argument) {
  const double side = PyFloat_AsDouble(argument);
  if (PyErr_Occurred() != nullptr) return nullptr;
  try {
    return PyUnicode_FromString(geometry::describe(geometry::length(geometry::square(side))).c_str());
  } catch (const std::invalid_argument& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
    return nullptr;
  }
}

PyMethodDef methods[] = {
    {"square", square, METH_O, "The length of a square's outline, as text."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&definition); }
