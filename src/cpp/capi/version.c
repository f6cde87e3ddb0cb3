/* The C API of libabacus. The wheel installs include/abacus and a header with the version next to it. */
#include <spokeshave/version.h>

#include "abacus/api.h"

const char *abacus_version(void) { return SPOKESHAVE_VERSION(); }
