#include "system.h"

#include <windows.h>

const char *system_name(void) { return GetCurrentProcessId() ? "Windows" : ""; }
