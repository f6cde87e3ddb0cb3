#include <Python.h>

#include "area.h"

static PyObject *py_area(PyObject *module, PyObject *arguments) {
  long width, height;
  if (!PyArg_ParseTuple(arguments, "ll", &width, &height)) return NULL;
  return PyLong_FromLong(area(width, height));
}

static PyMethodDef methods[] = {
    {"area", py_area, METH_VARARGS, "The area of a rectangle."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
