#pragma once

/* The system that this was compiled for; each has a source of its own. */
const char *system_name(void);
