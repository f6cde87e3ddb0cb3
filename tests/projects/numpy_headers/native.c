#include <Python.h>

#include <numpy/arrayobject.h>

// Headers of another platform's numpy would say something else than the compiler.
_Static_assert(NPY_SIZEOF_LONG == sizeof(long), "numpy's headers are not this platform's");

#define TEXT(number) #number
#define TEXT_OF(macro) TEXT(macro)
static const char about[] =
    "numpy's long has " TEXT_OF(NPY_SIZEOF_LONG) " bytes, its long double " TEXT_OF(NPY_SIZEOF_LONGDOUBLE);

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

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", about, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
  import_array();
  return PyModule_Create(&definition);
}
