"""File names that Windows cannot store (Naming Files, Paths, and Namespaces; CPython's `ntpath.isreserved`)."""

from __future__ import annotations

_FORBIDDEN = frozenset('<>:"|?*\\') | {chr(code) for code in range(32)}
_DIGITS = "123456789\N{SUPERSCRIPT ONE}\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}"
_DEVICES = frozenset(
    (
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        *(f"{port}{digit}" for port in ("COM", "LPT") for digit in _DIGITS),
    )
)
# In UTF-16 units, of one name.
_LONGEST = 255


def windows_path_fault(path: str) -> str | None:
    """Return why Windows cannot store a file at a path with slashes. None if it can."""
    return next(filter(None, map(_name_fault, path.split("/"))), None)


def _name_fault(name: str) -> str | None:
    forbidden = sorted(_FORBIDDEN.intersection(name))
    if forbidden:
        return f"has {', '.join(map(ascii, forbidden))} in the name {name!r}"
    if name.endswith((".", " ")):
        return f"has the name {name!r}, which ends with a dot or space, which Windows removes"
    # A device name is reserved with any suffix.
    if name.partition(".")[0].rstrip(" ").upper() in _DEVICES:
        return f"has the name {name!r}, which is the name of a device"
    if len(name.encode("utf-16-le", "surrogatepass")) // 2 > _LONGEST:
        return f"has a name of more than {_LONGEST} characters"
    return None
