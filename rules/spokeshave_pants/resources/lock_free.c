/* `__atomic_is_lock_free`, which zig's compiler-rt lacks. Its functions for larger objects use locks. */

#define TEXT(name) #name
#define SYMBOL(prefix, name) TEXT(prefix) name
#define EXPANDED(prefix, name) SYMBOL(prefix, name)

_Bool is_lock_free(__SIZE_TYPE__ size, const volatile void *object) __asm__(EXPANDED(__USER_LABEL_PREFIX__, "__atomic_is_lock_free"));

_Bool is_lock_free(__SIZE_TYPE__ size, const volatile void *object) {
    return size && size <= 8 && !(size & (size - 1)) && !((__UINTPTR_TYPE__)object & (size - 1));
}
