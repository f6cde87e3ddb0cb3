#include "system.h"

#include <unistd.h>

const char *system_name(void) { return getpid() > 0 ? "POSIX" : ""; }
