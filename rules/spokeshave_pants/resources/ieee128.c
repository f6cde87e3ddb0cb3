/* For 64-bit little-endian PowerPC with a glibc before 2.32, which knows no 128-bit IEEE long double.
 *
 * The toolchain's libc++ is built for that long double, and its headers then turn each function of the printf, scanf and
 * strtold families into one that only newer glibcs have. Here they are for the older ones: with every conversion but
 * that of a long double, which ends the program with a message, and strtold with the precision of a double.
 *
 * Source: glibc's bits/stdio-ldbl.h and stdlib-ldbl.h (`__LDBL_REDIR`).
 */
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

typedef struct _IO_FILE FILE;
extern FILE *stderr, *stdout;
extern int vsprintf(char *, const char *, va_list);
extern int vsnprintf(char *, size_t, const char *, va_list);
extern int vfprintf(FILE *, const char *, va_list);
extern int vasprintf(char **, const char *, va_list);
extern int vswprintf(wchar_t *, size_t, const wchar_t *, va_list);
extern int vsscanf(const char *, const char *, va_list) __asm__("__isoc99_vsscanf");
extern int vfscanf(FILE *, const char *, va_list) __asm__("__isoc99_vfscanf");
extern double strtod(const char *, char **);
extern double strtod_l(const char *, char **, locale_t);
extern double wcstod(const wchar_t *, wchar_t **);
extern int fputs(const char *, FILE *);
extern void abort(void) __attribute__((noreturn));

static void refuse(void) {
    fputs("A long double is printed or read, which this wheel's glibc floor does not allow on ppc64le; "
          "build for manylinux_2_34_ppc64le.\n", stderr);
    abort();
}

/* Whether a format converts a long double: `%`, flags and numbers, then `L` and a letter of floating point. */
#define DEFINE_CHECK(name, type)                                                                                  \
    static void name(const type *format) {                                                                        \
        while (*format) {                                                                                         \
            if (*format++ != '%') continue;                                                                       \
            while (*format && (*format == '-' || *format == '+' || *format == ' ' || *format == '#' ||           \
                               *format == '*' || *format == '.' || *format == '$' || *format == '\'' ||          \
                               (*format >= '0' && *format <= '9')))                                              \
                format++;                                                                                         \
            if (*format == 'L' && format[1] && (format[1] | 32) >= 'a' && (format[1] | 32) <= 'g') refuse();     \
            if (*format) format++;                                                                                \
        }                                                                                                         \
    }
DEFINE_CHECK(check, char)
DEFINE_CHECK(check_wide, wchar_t)

#define FORWARD(call)                  \
    va_list arguments;                 \
    va_start(arguments, format);       \
    check(format);                     \
    int result = call;                 \
    va_end(arguments);                 \
    return result

int __vsnprintfieee128(char *text, size_t size, const char *format, va_list arguments) {
    check(format);
    return vsnprintf(text, size, format, arguments);
}
int __vsprintfieee128(char *text, const char *format, va_list arguments) {
    check(format);
    return vsprintf(text, format, arguments);
}
int __vfprintfieee128(FILE *file, const char *format, va_list arguments) {
    check(format);
    return vfprintf(file, format, arguments);
}
int __vprintfieee128(const char *format, va_list arguments) {
    check(format);
    return vfprintf(stdout, format, arguments);
}
int __vasprintfieee128(char **text, const char *format, va_list arguments) {
    check(format);
    return vasprintf(text, format, arguments);
}
int __vswprintfieee128(wchar_t *text, size_t size, const wchar_t *format, va_list arguments) {
    check_wide(format);
    return vswprintf(text, size, format, arguments);
}
int __isoc99_vsscanfieee128(const char *text, const char *format, va_list arguments) {
    check(format);
    return vsscanf(text, format, arguments);
}
int __snprintfieee128(char *text, size_t size, const char *format, ...) {
    FORWARD(vsnprintf(text, size, format, arguments));
}
int __sprintfieee128(char *text, const char *format, ...) {
    FORWARD(vsprintf(text, format, arguments));
}
int __fprintfieee128(FILE *file, const char *format, ...) { FORWARD(vfprintf(file, format, arguments)); }
int __printfieee128(const char *format, ...) { FORWARD(vfprintf(stdout, format, arguments)); }
int __asprintfieee128(char **text, const char *format, ...) { FORWARD(vasprintf(text, format, arguments)); }
int __isoc99_sscanfieee128(const char *text, const char *format, ...) { FORWARD(vsscanf(text, format, arguments)); }
int __isoc99_fscanfieee128(FILE *file, const char *format, ...) { FORWARD(vfscanf(file, format, arguments)); }
int __swprintfieee128(wchar_t *text, size_t size, const wchar_t *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    check_wide(format);
    int result = vswprintf(text, size, format, arguments);
    va_end(arguments);
    return result;
}
long double __strtoieee128(const char *text, char **end) { return strtod(text, end); }
long double __strtoieee128_l(const char *text, char **end, locale_t locale) { return strtod_l(text, end, locale); }
long double __wcstoieee128(const wchar_t *text, wchar_t **end) { return wcstod(text, end); }
