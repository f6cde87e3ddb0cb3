/* The C API of libabacus. abacus_runtime/include/abacus/version.h.in is its installed header. */
#include <spokeshave/version.h>

#ifdef _WIN32
#define ABACUS_EXPORT __declspec(dllexport)
#else
#define ABACUS_EXPORT __attribute__((visibility("default")))
#endif

ABACUS_EXPORT const char *abacus_version(void);

const char *abacus_version(void) { return SPOKESHAVE_VERSION(); }
