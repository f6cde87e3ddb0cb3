#include <Python.h>

#include "bounds.h"
#include "step.h"

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
  PyObject *module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  if (PyModule_AddIntMacro(module, LOWEST) < 0 || PyModule_AddIntMacro(module, HIGHEST) < 0 ||
      PyModule_AddIntConstant(module, "STEP", step()) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
