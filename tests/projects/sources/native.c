#include <Python.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "part.c"

int answer(void);

#ifdef __x86_64__
int nine(void);
__attribute__((target_clones("default,avx2"))) int sum(int n) {
    int total = 0;
    for (int i = 0; i < n; i++) total += i;
    return total;
}
/* Called while the extension is being relocated, before its constructors. */
static int with_avx2(void) { return 1; }
static int without(void) { return 0; }
static int (*choose(void))(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") ? with_avx2 : without;
}
int chosen(void) __attribute__((ifunc("choose")));
static int supports(void) { return __builtin_cpu_supports("avx2") != 0; }
static int vendor(void) { return __builtin_cpu_is("intel") ? 1 : __builtin_cpu_is("amd") ? 2 : 3; }
#else
int nine(void) { return 9; }
int sum(int n) { return n * (n - 1) / 2; }
int chosen(void) { return 0; }
static int supports(void) { return 0; }
static int vendor(void) { return 3; }
#endif

static PyObject *call(PyObject *self, PyObject *unused) {
    char *copy = strdup("posix");
    PyObject *found = Py_BuildValue(
        "{s:i,s:i,s:i,s:i,s:i,s:O,s:i,s:i,s:s,s:n,s:d}", "assembled", answer(), "plain", nine(), "part", part(), "sum",
        sum(10), "alive", kill(getpid(), 0), "avx2", supports() ? Py_True : Py_False, "chosen", chosen(), "vendor",
        vendor(), "copy", copy, "length", (Py_ssize_t)strnlen(copy, 3), "root", sqrt(M_PI * M_PI));
    free(copy);
    return found;
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, 0}, {0, 0, 0, 0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_native", 0, -1, methods, 0, 0, 0, 0};

/* As setuptools takes it: not marked as exported. */
PyObject *PyInit__native(void) { return PyModule_Create(&definition); }
