/* A module with the version of the header and that of the library. */
#include <Python.h>
#include <abacus/version.h>

static PyObject *versions(PyObject *module, PyObject *ignored) {
  (void)module;
  (void)ignored;
  return Py_BuildValue("(ss)", ABACUS_VERSION, abacus_version());
}

static PyMethodDef methods[] = {{"versions", versions, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
  if (!abacus_is_same_version()) {
    return PyErr_Format(PyExc_ImportError, "built for Abacus %s, but %s is installed", ABACUS_VERSION, abacus_version());
  }
  return PyModuleDef_Init(&definition);
}
