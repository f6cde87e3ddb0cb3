// As code for C11 asks, such as Cython's modules. Not every platform has the header.
#if __STDC_VERSION__ >= 201112L && !defined(__STDC_NO_THREADS__)
#include <threads.h>
#endif

#include "measure/scale.h"

long scale_by_two(long value) { return 2 * value; }
