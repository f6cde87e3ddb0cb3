int trace_level(void) { return 2; }
