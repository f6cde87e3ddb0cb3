#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
int answer(void) { return 42; }
