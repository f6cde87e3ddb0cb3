/* `__atomic_is_lock_free`, which zig's compiler-rt lacks. The functions for larger objects use locks. */

/* Compilers know the function and let nothing else define its name. */
#define TEXT(name) #name
#define EXPANDED(name) TEXT(name)
#define SYMBOL(name) __asm__(EXPANDED(__USER_LABEL_PREFIX__) name)

_Bool is_lock_free(__SIZE_TYPE__ size, const volatile void *object) SYMBOL("__atomic_is_lock_free");

_Bool is_lock_free(__SIZE_TYPE__ size, const volatile void *object) {
    return size && size <= 8 && !(size & (size - 1)) && !((__UINTPTR_TYPE__)object & (size - 1));
}
