"""The command `spokeshave index yank`: advise installers against a release.

An installer takes a yanked release only if it is asked for by `==` (PEP 592), and then prints the reason. All files of
the release stay where they are, so that nothing that pins them breaks.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from spokeshave.errors import ExitCode
from spokeshave.release.index.one_set import add_reason_arguments, add_set_arguments, change_set, show_mark
from spokeshave.release.index.texts import checked_reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_set_arguments(parser)
    add_reason_arguments(
        parser,
        reason="what installers print, such as --reason 'wrong results on Windows, use 3.12.1'. Another reason "
        "replaces the first one; '' gives none",
        undo="let installers take the release again",
    )


def run(args: argparse.Namespace) -> int:
    """Yank a release, or undo that."""
    yanked = checked_reason("--reason", args.reason)
    change = change_set(args.index, args.name, args.version, lambda listed: replace(listed, yanked=yanked))
    show_mark(change, "yanked", yanked, args.report)
    return ExitCode.OK
