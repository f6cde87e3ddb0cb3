"""The headers that no project installs: those of C, of C++ and of Python. Works without the engine."""

from __future__ import annotations

_C = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
""".split()
_CXX = """
    algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution expected filesystem format forward_list fstream
    functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
    memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex
    scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept stop_token
    streambuf string string_view strstream system_error thread tuple type_traits typeindex typeinfo
    unordered_map unordered_set utility valarray variant vector version
""".split()
_PYTHON = ("Python.h", "structmember.h", "frameobject.h")
STANDARD_HEADERS = frozenset([*(f"{name}.h" for name in _C), *(f"c{name}" for name in _C), *_CXX, *_PYTHON])
"""What includes of them are spelled as. A source with no other includes needs no headers of projects."""
