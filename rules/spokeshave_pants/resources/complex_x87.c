/* Products and quotients of `long double complex` on x86-64, by the formulas of C11's annex G. Compilers take the result
   from two registers of the x87 unit, and zig's functions write it to memory, at an address that nobody gave. */

typedef long double real;
typedef _Complex long double complex_real;

#define BIAS 16383
#define INFINITE __builtin_infl()

static int is_nan(real x) { return x != x; }
static int is_infinite(real x) { return __builtin_fabsl(x) == INFINITE; }
static int is_finite(real x) { return __builtin_fabsl(x) < INFINITE; }
static real with_sign(real x, real of) { return __builtin_copysignl(x, of); }
/* An infinity as one, and what is smaller as zero. */
static real boxed(real x) { return with_sign(is_infinite(x) ? 1 : 0, x); }
static real zero_for_nan(real x) { return is_nan(x) ? with_sign(0, x) : x; }

static complex_real pair(real x, real y) {
    complex_real z;
    __real__ z = x;
    __imag__ z = y;
    return z;
}

complex_real __mulxc3(real a, real b, real c, real d) {
    real ac = a * c, bd = b * d, ad = a * d, bc = b * c;
    real x = ac - bd, y = ad + bc;
    if (!is_nan(x) || !is_nan(y)) return pair(x, y);
    int is_left = is_infinite(a) || is_infinite(b), is_right = is_infinite(c) || is_infinite(d);
    int overflows = is_infinite(ac) || is_infinite(bd) || is_infinite(ad) || is_infinite(bc);
    if (!is_left && !is_right && !overflows) return pair(x, y);
    if (is_left) a = boxed(a), b = boxed(b);
    if (is_right) c = boxed(c), d = boxed(d);
    a = zero_for_nan(a), b = zero_for_nan(b), c = zero_for_nan(c), d = zero_for_nan(d);
    return pair(INFINITE * (a * c - b * d), INFINITE * (a * d + b * c));
}

union parts {
    real value;
    struct {
        unsigned long long mantissa;
        unsigned short exponent;
    } bits;
};

/* The exponent of a number that is neither zero nor infinite. */
static int exponent_of(real x) {
    union parts parts = {x};
    if (parts.bits.exponent & 0x7fff) return (parts.bits.exponent & 0x7fff) - BIAS;
    return 1 - BIAS - __builtin_clzll(parts.bits.mantissa);
}

/* x * 2^n, in steps that stay in the range of exponents. */
static real scaled(real x, int n) {
    while (n) {
        int step = n > BIAS ? BIAS : n < 1 - BIAS ? 1 - BIAS : n;
        union parts power = {1};
        power.bits.exponent = (unsigned short)(BIAS + step);
        x *= power.value;
        n -= step;
    }
    return x;
}

complex_real __divxc3(real a, real b, real c, real d) {
    real larger = __builtin_fabsl(c) > __builtin_fabsl(d) || is_nan(d) ? c : d;
    int n = is_finite(larger) && larger != 0 ? exponent_of(larger) : 0;
    c = scaled(c, -n);
    d = scaled(d, -n);
    real size = c * c + d * d;
    real x = scaled((a * c + b * d) / size, -n), y = scaled((b * c - a * d) / size, -n);
    if (!is_nan(x) || !is_nan(y)) return pair(x, y);
    if (size == 0 && (!is_nan(a) || !is_nan(b))) return pair(with_sign(INFINITE, c) * a, with_sign(INFINITE, c) * b);
    if ((is_infinite(a) || is_infinite(b)) && is_finite(c) && is_finite(d)) {
        a = boxed(a), b = boxed(b);
        return pair(INFINITE * (a * c + b * d), INFINITE * (b * c - a * d));
    }
    if (is_infinite(larger) && is_finite(a) && is_finite(b)) {
        c = boxed(c), d = boxed(d);
        return pair(0 * (a * c + b * d), 0 * (b * c - a * d));
    }
    return pair(x, y);
}
