"""The functions that were added late in the 1.2 series of musl, which a wheel for musllinux_1_2 cannot use.

musl has no symbol versions, so a missing function is detected only at run time. Taken from each release's libc.so. The
toolchain, which contains a newer musl, does not offer them (`toolchain/musl.py`), and `verify` refuses files that use
them, which may be compiled elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

MuslVersion = tuple[int, int, int]

FLOOR: MuslVersion = (1, 2, 2)
"""The release that a musllinux_1_2 wheel can rely on.

PEP 656 names musl 1.2 and no third number. The tag's build images are newer, but their documentation (pypa/manylinux)
promises wheels that run on Alpine 3.13 and newer, whose musl is 1.2.2. auditwheel does not check it. No other tag says
that a wheel needs a newer musl 1.2, so a wheel with newer functions is refused.
"""

ADDED: Mapping[str, MuslVersion] = {
    "pthread_getname_np": (1, 2, 3),
    "qsort_r": (1, 2, 3),
    "preadv2": (1, 2, 5),
    "pwritev2": (1, 2, 5),
    "statx": (1, 2, 5),
    "__getauxval": (1, 2, 6),
    "posix_getdents": (1, 2, 6),
    "renameat2": (1, 2, 6),
}
"""The release that added each function. All are newer than `FLOOR`."""


def release_text(version: MuslVersion) -> str:
    """Return a release as musl writes it: `1.2.5`."""
    return ".".join(map(str, version))
