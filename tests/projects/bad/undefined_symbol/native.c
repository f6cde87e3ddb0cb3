#include <Python.h>

long lost_function(void);

static PyObject *call(PyObject *module, PyObject *unused) { return PyLong_FromLong(lost_function()); }

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, "Calls what nothing defines."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
