#include "system.h"

#include <Python.h>

#ifdef TRACED
int trace_level(void);
#endif

static PyObject *describe(PyObject *self, PyObject *ignored) {
    (void)self, (void)ignored;
#ifdef TRACED
    int level = trace_level();
#else
    int level = 0;
#endif
    return Py_BuildValue("(ssi)", system_name(), PROCESSOR, level);
}

static PyMethodDef methods[] = {{"describe", describe, METH_NOARGS, "The system, the processor and the trace level."},
                                {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
