#include <Python.h>

// The fields follow those of the base type, where only the running Python knows their place (PEP 697).
typedef struct {
  long count;
} Tally;

static PyObject *increment(PyObject *self, PyObject *unused) {
  (void)unused;
  Tally *tally = PyObject_GetTypeData(self, Py_TYPE(self));
  if (tally == NULL) return NULL;
  return PyLong_FromLong(++tally->count);
}

static PyMethodDef methods[] = {
    {"increment", increment, METH_NOARGS, "Add one and return the sum."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot type_slots[] = {{Py_tp_methods, methods}, {0, NULL}};
static PyType_Spec type = {"tally._native.Tally", -(int)sizeof(Tally), 0, Py_TPFLAGS_DEFAULT, type_slots};

static int execute(PyObject *module) {
  PyObject *made = PyType_FromModuleAndSpec(module, &type, NULL);
  if (made == NULL) return -1;
  int failed = PyModule_AddType(module, (PyTypeObject *)made);
  Py_DECREF(made);
  return failed;
}

#ifdef Py_TARGET_ABI3T
PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "_native"),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport__native(void) { return slots; }
#else
static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", NULL, 0, NULL, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
#endif
