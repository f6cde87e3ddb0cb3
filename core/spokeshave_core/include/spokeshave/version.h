/* The version of the wheel that contains this code, for C (C99 and later) and C++ (C++11 and later).
 *
 *     #include <spokeshave/version.h>
 *
 *     const char *tool_version(void) { return SPOKESHAVE_VERSION(); }
 *
 * The text is a version slot: 128 bytes in a section of their own, which say `0+unstamped` until Spokeshave stamps the
 * wheel. The stamp writes the version into the linked file, so that no compile and no link depends on it. In a build
 * without Spokeshave, the text remains `0+unstamped`.
 *
 * The pointer is valid as long as the file is loaded, and any thread may read the text at any time. Each translation
 * unit that uses the macro has a slot of its own; all slots of a wheel have the same text.
 */
#ifndef SPOKESHAVE_VERSION_H
#define SPOKESHAVE_VERSION_H

/* The bytes of a slot: the version in UTF-8, followed by NULs, of which there is at least one. */
#define SPOKESHAVE_VERSION_SLOT_SIZE 128

#if defined(__GNUC__) && defined(__APPLE__)
#define SPOKESHAVE_VERSION_SLOT __attribute__((section("__DATA,__spkver"), aligned(SPOKESHAVE_VERSION_SLOT_SIZE)))
#elif defined(__GNUC__)
#define SPOKESHAVE_VERSION_SLOT __attribute__((section(".spkver"), aligned(SPOKESHAVE_VERSION_SLOT_SIZE)))
#elif defined(_MSC_VER)
#pragma section(".spkver", read)
#define SPOKESHAVE_VERSION_SLOT __declspec(allocate(".spkver")) __declspec(align(128))
#else
#define SPOKESHAVE_VERSION_SLOT
#endif

/* Internal linkage: copies of one slot in two libraries must not become one. */
SPOKESHAVE_VERSION_SLOT static const char spokeshave_version_slot[SPOKESHAVE_VERSION_SLOT_SIZE] = "0+unstamped";

static inline const char *spokeshave_version(void) {
  /* The compiler must not know what the pointer points to. Otherwise, it would compute, for example, the length of the
   * text while it compiles, and the stamp would come too late. */
  const char *volatile text = spokeshave_version_slot;
  return text;
}

/* The version as a text, such as "3.12.0". */
#define SPOKESHAVE_VERSION() (spokeshave_version())

#endif
