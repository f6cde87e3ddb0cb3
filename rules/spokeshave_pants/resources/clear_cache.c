/* `__clear_cache`, which zig's compiler-rt lacks on Windows for ARM: what makes code at run time calls it before it runs
   the code. */

__declspec(dllimport) void *GetCurrentProcess(void);
__declspec(dllimport) int FlushInstructionCache(void *process, const void *start, unsigned long long size);

void __clear_cache(void *start, void *end) {
    FlushInstructionCache(GetCurrentProcess(), start, (unsigned long long)((char *)end - (char *)start));
}
