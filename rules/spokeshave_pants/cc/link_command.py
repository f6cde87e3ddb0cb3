"""The command line of one link, decided without the engine."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_pants.cc.compile_command import ZIG

EXPORTS_FILE = "__exports.map"


@dataclass(frozen=True)
class LinkSettings:
    """What decides a link beside its objects.

    `exports` are the only symbols to leave visible (ld's version-script patterns), or None to leave what the code
    marks. `allow_undefined` leaves symbols for the interpreter to provide; the linker then only warns.
    """

    output: str
    soname: str | None = None
    exports: tuple[str, ...] | None = None
    allow_undefined: bool = False
    flags: tuple[str, ...] = ()


def exports_script(exports: tuple[str, ...]) -> str:
    """A linker version script that leaves only these symbols visible."""
    return "{ global: " + " ".join(f"{symbol};" for symbol in exports) + " local: *; };\n"


def link_argv(
    objects: tuple[str, ...],
    shared_libraries: tuple[str, ...],
    settings: LinkSettings,
    pack_flags: tuple[str, ...],
    pack_libraries: tuple[str, ...],
) -> tuple[str, ...]:
    """The linker's command line: the runtime pack's template around the user's objects."""
    return (
        ZIG,
        "ld.lld",
        *pack_flags,
        "-o",
        settings.output,
        *(("-soname", settings.soname) if settings.soname else ()),
        *(("--version-script", EXPORTS_FILE) if settings.exports is not None else ()),
        # Without the first, the linker says nothing at all of symbols that a shared object leaves undefined.
        "--no-undefined",
        *(("--warn-unresolved-symbols",) if settings.allow_undefined else ()),
        *settings.flags,
        *sorted(objects),
        *sorted(shared_libraries),
        *pack_libraries,
    )
