#include <Python.h>

#include <numpy/arrayobject.h>

static PyObject *total(PyObject *module, PyObject *argument) {
  PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(argument, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
  if (array == NULL) return NULL;
  const double *values = (const double *)PyArray_DATA(array);
  double sum = 0;
  for (npy_intp i = 0; i < PyArray_SIZE(array); ++i) sum += values[i];
  Py_DECREF(array);
  return PyFloat_FromDouble(sum);
}

static PyMethodDef methods[] = {
    {"total", total, METH_O, "The sum of an array's elements."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
  import_array();
  return PyModule_Create(&definition);
}
