#include <Python.h>

#include <signal.h>

static PyObject *crash(PyObject *module, PyObject *unused) {
  raise(SIGSEGV);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"crash", crash, METH_NOARGS, "Ends the process as a wild pointer would."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
