int part(void) { return 7; }
