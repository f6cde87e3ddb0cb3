#include <Python.h>
int one(void), two(void);
static PyObject *sum(PyObject *self, PyObject *none) { return PyLong_FromLong(one() + two()); }
static PyMethodDef methods[] = {{"sum", sum, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_own", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__own(void) { return PyModule_Create(&definition); }
