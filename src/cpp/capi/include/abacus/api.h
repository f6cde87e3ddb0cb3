/* The C API of Abacus' runtime. Include abacus/version.h, which checks the version, instead of this file. */
#ifndef ABACUS_API_H
#define ABACUS_API_H

#if !defined(_WIN32)
#define ABACUS_API __attribute__((visibility("default")))
#elif defined(ABACUS_BUILDS_LIBRARY)
#define ABACUS_API __declspec(dllexport)
#else
#define ABACUS_API __declspec(dllimport)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is loaded. */
ABACUS_API const char *abacus_version(void);

#ifdef __cplusplus
}
#endif

#endif
