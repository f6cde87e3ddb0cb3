#include <Python.h>

// As code for C11 asks, such as Cython's modules. Not every platform has the header.
#if __STDC_VERSION__ >= 201112L && !defined(__STDC_NO_THREADS__)
#include <threads.h>
#endif

#include "measure/config.h"
#include "measure/measure.h"
#include "measure/scale.h"

static PyObject *twice_the_length(PyObject *self, PyObject *text) {
    const char *bytes = PyUnicode_AsUTF8(text);
    return bytes ? PyLong_FromLong(scale_by_two(measure_length(bytes))) : NULL;
}

#ifdef HAVE_GETRANDOM
#define GETRANDOM "getrandom "
#else
#define GETRANDOM ""
#endif
#ifdef HAVE_FORK
#define FORK "fork "
#else
#define FORK ""
#endif
#ifdef ROUNDS
#define ROUNDING "rounds "
#else
#define ROUNDING ""
#endif
#define TEXT(number) #number
#define TEXT_OF(macro) TEXT(macro)

static PyObject *facts(PyObject *self, PyObject *none) {
    return PyUnicode_FromString("configured for: " GETRANDOM FORK ROUNDING "long=" TEXT_OF(SIZEOF_LONG));
}

static PyMethodDef methods[] = {
    {"twice_the_length", twice_the_length, METH_O, NULL},
    {"facts", facts, METH_NOARGS, NULL},
    {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_measure", NULL, -1, methods};

PyMODINIT_FUNC PyInit__measure(void) { return PyModule_Create(&module); }
