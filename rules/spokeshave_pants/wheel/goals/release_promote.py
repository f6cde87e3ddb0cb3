"""The goal `release-promote`: make a final release from the record of a release candidate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version
from pants.base.build_root import BuildRoot
from pants.engine.console import Console
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.process import InteractiveProcess
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule

from spokeshave_core.problems import Problems
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import goal_rule, implicitly, run_interactive_process
from spokeshave_pants.sandbox.python import SandboxPython
from spokeshave_pants.sandbox.tools import REPORT, tool_process
from spokeshave_pants.wheel.goals.publish import PublisherRequest, find_publisher
from spokeshave_pants.wheel.record.earlier import MANIFEST
from spokeshave_pants.wheel.subsystem import ReleasePromote, ReleasePromoteSubsystem


@dataclass(frozen=True)
class Promotion:
    """The promotion of a record on disk to a version. The new record is the old one's neighbour, named after it."""

    record: Path
    version: str

    @property
    def output(self) -> Path:
        """Return the folder of the new record."""
        return self.record.parent / self.version

    def argv(self, rewrite_text: Iterable[str]) -> tuple[str, ...]:
        """Return the arguments of the tools."""
        return (
            *("release", "promote", str(self.record), "--version", self.version, "--output", str(self.output)),
            *(argument for glob in rewrite_text for argument in ("--rewrite-text", glob)),
            *("--report", REPORT),
        )


def chosen_promotion(build_root: Path, record: str | None, to: str | None) -> Promotion:
    """Return the promotion that the options choose.

    Raises:
        InvalidTargetError: For all options that are missing or wrong.
    """
    problems = Problems()
    if not record or not (build_root / record / MANIFEST).is_file():
        shown = f"{record} has no {MANIFEST}" if record else "it is not set"
        problems.add_text(
            f"`--release-promote-record` must be the folder of a release record, but {shown}. `package` of a `release` "
            "writes one, such as `dist/releases/abacus/3.12.0rc20260821`."
        )
    version = ""
    try:
        version = str(Version(to or ""))
    except ValueError:  # of a number with thousands of digits too
        problems.add_text(f"`--release-promote-to` is {to!r}: write the version to promote to, such as `3.12.0`.")
    problems.raise_if_any(InvalidTargetError)
    return Promotion((build_root / str(record)).resolve(), version)


@goal_rule
async def promote_release(
    console: Console, subsystem: ReleasePromoteSubsystem, build_root: BuildRoot, python: SandboxPython
) -> ReleasePromote:
    promotion = chosen_promotion(build_root.pathlib_path, subsystem.record, subsystem.to)
    argv = promotion.argv(subsystem.rewrite_text)
    publisher = await find_publisher(PublisherRequest(argv), **implicitly())
    process = tool_process(
        python, publisher.packages, publisher.sources, argv, EMPTY_DIGEST, description="Promote a release candidate"
    )
    result = await run_interactive_process(InteractiveProcess.from_process(process))
    if result.exit_code == 0:
        console.print_stderr(f"Wrote {promotion.output / MANIFEST}")
    return ReleasePromote(exit_code=result.exit_code)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
