"""The build requirements whose files for the target are used in place of those for this machine.

Their headers and libraries describe a platform, as those of numpy do. The approach is cibuildwheel's (`xbuild_files`).
"""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.wheel_name import InvalidWheelNameError, WheelName

ENDINGS = ("h", "hpp", "hxx", "a", "lib", "pc", "pxd", "cmake")
"""What the names of such files end with."""
# Programs of the build. The files next to them are their own.
_PROGRAMS = frozenset({"cmake", "cython", "meson", "ninja", "patchelf", "swig"})


def overlay_globs() -> tuple[str, ...]:
    """Return the globs of the files in a tree of packages that can belong to a platform."""
    return tuple(f"*/**/*.{ending}" for ending in ENDINGS)


def overlaid(distributions: Iterable[tuple[str, str]], files: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the distributions that are needed for the target as well, sorted.

    Args:
        distributions: The normalized name and the folder of each.
        files: The files that `overlay_globs` matches.
    """
    having = {file.split("/")[0] for file in files}
    return tuple(
        sorted(
            name
            for name, folder in distributions
            if folder in having and name not in _PROGRAMS and not _is_for_any_platform(folder)
        )
    )


def _is_for_any_platform(folder: str) -> bool:
    try:
        return WheelName.parse(folder).is_pure
    except InvalidWheelNameError:
        return False
