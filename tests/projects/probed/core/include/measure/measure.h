#ifndef MEASURE_H
#define MEASURE_H

#if defined(_WIN32) && defined(MEASURE_BUILD)
#define MEASURE_API __declspec(dllexport)
#elif defined(_WIN32)
#define MEASURE_API __declspec(dllimport)
#else
#define MEASURE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif
/* The length of a text in Unicode characters, of a text in UTF-8. */
MEASURE_API long measure_length(const char *text);
#ifdef __cplusplus
}
#endif

#endif
