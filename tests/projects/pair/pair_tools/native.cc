#include <Python.h>

namespace {

PyObject* number(PyObject*, PyObject*) { return PyLong_FromLong(2); }

PyMethodDef methods[] = {
    {"number", number, METH_NOARGS, "The number."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&definition); }
