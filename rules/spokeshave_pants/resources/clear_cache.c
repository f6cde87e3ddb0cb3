/* `__clear_cache`, which zig's compiler-rt lacks on Windows for ARM, ppc64le and s390x: what makes code at run time calls
   it before it runs the code. s390x keeps its caches alike by itself. */

#if defined(_WIN32)
__declspec(dllimport) void *GetCurrentProcess(void);
__declspec(dllimport) int FlushInstructionCache(void *process, const void *start, __SIZE_TYPE__ size);
#endif

void __clear_cache(void *start, void *end) {
#if defined(_WIN32)
    FlushInstructionCache(GetCurrentProcess(), start, (__SIZE_TYPE__)((char *)end - (char *)start));
#elif defined(__powerpc64__)
    /* No processor has shorter lines. */
    enum { LINE = 32 };
    __UINTPTR_TYPE__ first = (__UINTPTR_TYPE__)start & ~(__UINTPTR_TYPE__)(LINE - 1), last = (__UINTPTR_TYPE__)end;
    for (__UINTPTR_TYPE__ line = first; line < last; line += LINE) __asm__ volatile("dcbf 0, %0" : : "r"(line) : "memory");
    __asm__ volatile("sync" : : : "memory");
    for (__UINTPTR_TYPE__ line = first; line < last; line += LINE) __asm__ volatile("icbi 0, %0" : : "r"(line) : "memory");
    __asm__ volatile("isync" : : : "memory");
#else
    (void)start;
    (void)end;
#endif
}
