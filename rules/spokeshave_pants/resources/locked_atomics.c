/* The atomic functions for objects of any size, which zig's compiler-rt lacks on 32-bit ARM. An address decides on the lock
   that guards an object, as in other implementations. */

#define LOCKS 64

static struct {
    __attribute__((aligned(64))) char is_taken;
} locks[LOCKS];

static char *take(const void *object) {
    char *lock = &locks[((__UINTPTR_TYPE__)object >> 4) % LOCKS].is_taken;
    while (__atomic_test_and_set(lock, __ATOMIC_ACQUIRE)) {}
    return lock;
}

static void give_back(char *lock) { __atomic_clear(lock, __ATOMIC_RELEASE); }

/* Compilers know the functions and let nothing else define their names. */
void load(__SIZE_TYPE__ size, void *object, void *result, int order) __asm__("__atomic_load");
void store(__SIZE_TYPE__ size, void *object, void *value, int order) __asm__("__atomic_store");
void exchange(__SIZE_TYPE__ size, void *object, void *value, void *result, int order) __asm__("__atomic_exchange");
_Bool compare_exchange(__SIZE_TYPE__ size, void *object, void *expected, void *value, int success, int failure)
    __asm__("__atomic_compare_exchange");

void load(__SIZE_TYPE__ size, void *object, void *result, int order) {
    char *lock = take(object);
    (void)order;
    __builtin_memcpy(result, object, size);
    give_back(lock);
}

void store(__SIZE_TYPE__ size, void *object, void *value, int order) {
    char *lock = take(object);
    (void)order;
    __builtin_memcpy(object, value, size);
    give_back(lock);
}

void exchange(__SIZE_TYPE__ size, void *object, void *value, void *result, int order) {
    char *lock = take(object);
    (void)order;
    __builtin_memcpy(result, object, size);
    __builtin_memcpy(object, value, size);
    give_back(lock);
}

_Bool compare_exchange(__SIZE_TYPE__ size, void *object, void *expected, void *value, int success, int failure) {
    char *lock = take(object);
    _Bool is_equal = !__builtin_memcmp(object, expected, size);
    (void)success;
    (void)failure;
    if (is_equal) __builtin_memcpy(object, value, size);
    else __builtin_memcpy(expected, object, size);
    give_back(lock);
    return is_equal;
}
