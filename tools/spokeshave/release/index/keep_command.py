"""The command `spokeshave index keep`: exempt a release from `spokeshave index prune`."""

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
        reason="why it is kept, such as --reason 'the last one with CUDA 11'. Another reason replaces the first one",
        undo="let `spokeshave index prune` remove the release again",
    )


def run(args: argparse.Namespace) -> int:
    """Keep a release, or undo that."""
    kept = checked_reason("--reason", args.reason)
    change = change_set(args.index, args.name, args.version, lambda listed: replace(listed, kept=kept))
    show_mark(change, "kept", kept, args.report)
    return ExitCode.OK
