__attribute__((visibility("default"))) int trace_level(void) { return 2; }
