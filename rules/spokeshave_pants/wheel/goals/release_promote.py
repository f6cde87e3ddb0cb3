"""The goal `release-promote`: make a final release from the record of a release candidate."""

from __future__ import annotations

from pathlib import Path

from packaging.version import InvalidVersion, Version
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
from spokeshave_pants.wheel.subsystem import ReleasePromote, ReleasePromoteSubsystem


def promote_argv(
    build_root: Path, record: str | None, to: str | None, rewrite_text: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the arguments of the tools. The new record is the old one's neighbour, named after its version.

    Raises:
        InvalidTargetError: For all options that are missing or wrong.
    """
    problems = Problems()
    if not record or not (build_root / record / "release.json").is_file():
        shown = f"{record} has no release.json" if record else "it is not set"
        problems.add_text(
            f"`--release-promote-record` must be the folder of a release record, but {shown}. `package` of a `release` "
            "writes one, such as `dist/releases/abacus/3.12.0rc20260821`."
        )
    try:
        version = str(Version(to or ""))
    except InvalidVersion:
        version = ""
        problems.add_text(f"`--release-promote-to` is {to!r}: write the version to promote to, such as `3.12.0`.")
    problems.raise_if_any(InvalidTargetError)
    folder = (build_root / str(record)).resolve()
    return (
        *("release", "promote", str(folder), "--version", version, "--output", str(folder.parent / version)),
        *(argument for glob in rewrite_text for argument in ("--rewrite-text", glob)),
        *("--report", REPORT),
    )


@goal_rule
async def promote_release(
    console: Console, subsystem: ReleasePromoteSubsystem, build_root: BuildRoot, python: SandboxPython
) -> ReleasePromote:
    argv = promote_argv(build_root.pathlib_path, subsystem.record, subsystem.to, tuple(subsystem.rewrite_text))
    publisher = await find_publisher(PublisherRequest(argv), **implicitly())
    process = tool_process(
        python, publisher.packages, publisher.sources, argv, EMPTY_DIGEST, description="Promote a release candidate"
    )
    result = await run_interactive_process(InteractiveProcess.from_process(process))
    if result.exit_code == 0:
        console.print_stderr(f"Wrote {argv[argv.index('--output') + 1]}/release.json")
    return ReleasePromote(exit_code=result.exit_code)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
