#include <Python.h>

// glibc has it from 2.25 on.
long getrandom(void *buffer, unsigned long size, unsigned flags);

static PyObject *call(PyObject *module, PyObject *unused) {
  unsigned char byte = 0;
  getrandom(&byte, 1, 0);
  return PyLong_FromLong(byte);
}

static PyMethodDef methods[] = {
    {"call", call, METH_NOARGS, "A random byte."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
