/* Größe: Latin-1, as old sources are. */
#include <Python.h>

#include "both/tally.h"
#include "straÃŸe.h"

static PyObject *count(PyObject *self, PyObject *unused) { return PyLong_FromLong(tally() * FACTOR); }
static PyMethodDef methods[] = {{"count", count, METH_NOARGS, 0}, {0, 0, 0, 0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", 0, -1, methods, 0, 0, 0, 0};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
