#include <Python.h>

#include "measure/config.h"
#include "measure/measure.h"
#include "measure/scale.h"

static PyObject *twice_the_length(PyObject *self, PyObject *text) {
    const char *bytes = PyUnicode_AsUTF8(text);
    return bytes ? PyLong_FromLong(scale_by_two(measure_length(bytes))) : NULL;
}

static PyObject *facts(PyObject *self, PyObject *none) {
    int getrandom_is_there = 0;
    int fork_is_there = 0;
    int rounds = 0;
#ifdef HAVE_GETRANDOM
    getrandom_is_there = 1;
#endif
#ifdef HAVE_FORK
    fork_is_there = 1;
#endif
#ifdef ROUNDS
    rounds = 1;
#endif
    return Py_BuildValue("(iiii)", getrandom_is_there, fork_is_there, rounds, SIZEOF_LONG);
}

static PyMethodDef methods[] = {
    {"twice_the_length", twice_the_length, METH_O, NULL},
    {"facts", facts, METH_NOARGS, NULL},
    {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_measure", NULL, -1, methods};

PyMODINIT_FUNC PyInit__measure(void) { return PyModule_Create(&module); }
