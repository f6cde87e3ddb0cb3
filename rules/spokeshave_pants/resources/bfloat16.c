/* Conversions to `__bf16`, which zig's compiler-rt lacks: the upper half of a `float`, rounded to even. */

static __bf16 rounded(unsigned bits) {
    int is_nan = (bits & 0x7fffffff) > 0x7f800000;
    unsigned short half = (unsigned short)((is_nan ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    __bf16 value;
    __builtin_memcpy(&value, &half, sizeof value);
    return value;
}

static unsigned bits_of(float value) {
    unsigned bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

__bf16 __truncsfbf2(float value) { return rounded(bits_of(value)); }

/* A `float` between value and zero, whose last bit is set unless it is exact: so the second rounding sees what the first
   one lost. */
#define NARROWED(value)                                              \
    float near = (float)(value);                                     \
    unsigned bits = bits_of(near);                                   \
    int is_exact = near == (value), is_nan = (value) != (value);     \
    int is_larger = (value) < 0 ? near < (value) : near > (value);   \
    return rounded(is_exact || is_nan ? bits : (bits - (unsigned)is_larger) | 1)

__bf16 __truncdfbf2(double value) { NARROWED(value); }

#if __LDBL_MANT_DIG__ == 64
__bf16 __truncxfbf2(long double value) { NARROWED(value); }
#elif __LDBL_MANT_DIG__ == 113
__bf16 __trunctfbf2(long double value) { NARROWED(value); }
#endif
