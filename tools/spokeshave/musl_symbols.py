"""The symbols that musl gained in its 1.2 series, which a wheel for every musl 1.2 cannot count on.

musl has no symbol versions, so the loader finds out at run time only. Taken from each release's libc.so.
"""

from __future__ import annotations

from collections.abc import Mapping

MuslVersion = tuple[int, int, int]

FLOOR: MuslVersion = (1, 2, 2)
"""What a musllinux_1_2 wheel can count on: the musl of the tag's first build image."""

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
"""The release that each symbol came with."""
