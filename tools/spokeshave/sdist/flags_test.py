from __future__ import annotations

import pytest

from spokeshave.sdist.flags import joined, link_libraries, link_options, quoted, without_warnings


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("VM_TRACE=0", "VM_TRACE=0"),
        ('NAME="a b"', r'"NAME=\"a b\""'),
        ("LIST=a;b", r'"LIST=a\;b"'),
        ("HOME=$HOME", r'"HOME=\$HOME"'),
        ("", '""'),
        ("PATH=a\\b", r'"PATH=a\\b"'),
    ],
)
def test_an_argument_of_cmake_stands_for_its_text(text: str, argument: str) -> None:
    assert quoted(text) == argument


def test_flags_about_warnings_are_left_out() -> None:
    flags = ("-Wall", "-Werror", "-Wno-unused", "-msse4.2", "-Wl,-z,now", "-Wa,--noexecstack", "-pedantic", "-w")
    assert without_warnings(flags) == ("-msse4.2", "-Wl,-z,now", "-Wa,--noexecstack")


def test_flags_of_two_words_stay_together() -> None:
    assert joined(("-include", "a.h", "-O3", "-include", "b.h")) == ("SHELL:-include a.h", "-O3", "SHELL:-include b.h")


def test_flags_of_the_linker_go_through_the_driver() -> None:
    flags = ("-lm", "-pthread", "--wrap=malloc", "-delayload:user32.dll", "-z", "now", "-Wl,--gc-sections")
    assert link_options(flags) == (
        "-pthread",
        "LINKER:--wrap=malloc",
        "LINKER:-delayload:user32.dll",
        "SHELL:-z now",
        "-Wl,--gc-sections",
    )
    assert link_libraries(flags) == ("m",)
