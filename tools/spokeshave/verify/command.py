"""The command `spokeshave verify`: check that a wheel is valid for its platform tag."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from spokeshave.errors import ExitCode, InvalidWheelError
from spokeshave.policies.linux import parse_platform
from spokeshave.report import write_text
from spokeshave.verify.checks.build_files import check_build_files
from spokeshave.verify.checks.build_paths import check_build_paths
from spokeshave.verify.checks.core_metadata import check_metadata
from spokeshave.verify.checks.hardening import check_hardening
from spokeshave.verify.checks.layout import check_layout
from spokeshave.verify.checks.limited_api import check_limited_api
from spokeshave.verify.checks.linking import check_linking
from spokeshave.verify.checks.modules import check_modules
from spokeshave.verify.checks.records import check_record
from spokeshave.verify.checks.scripts import check_scripts
from spokeshave.verify.checks.tags import check_tags
from spokeshave.verify.checks.version_slots import check_version_slots
from spokeshave.verify.findings import Expectation, Subject, findings
from spokeshave.wheel.tree import unpack
from spokeshave_core.outcomes import Rule
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding, VerifyReport

Check = Callable[[Subject], Iterator[Finding]]

_CHECKS: tuple[Check, ...] = (
    check_tags,
    check_record,
    check_metadata,
    check_scripts,
    check_build_files,
    check_build_paths,
)
_NATIVE_CHECKS: tuple[Check, ...] = (
    check_layout,
    check_linking,
    check_modules,
    check_hardening,
    check_limited_api,
    check_version_slots,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave verify`."""
    parser.add_argument("--wheel", type=Path, required=True, metavar="FILE", help="the wheel to verify")
    parser.add_argument(
        "--platform",
        required=True,
        metavar="TAG",
        help="the platform tag that it must match, such as manylinux_2_17_x86_64",
    )
    parser.add_argument(
        "--abi",
        required=True,
        help="the Python ABI that it must match: cp310, cp312-abi3, cp315-abi3.abi3t, cp313t or py3-none, for example",
    )
    parser.add_argument(
        "--extension",
        action="append",
        default=[],
        metavar="MODULE",
        help="an extension module that it must contain, such as package._native",
    )
    parser.add_argument(
        "--forbid-path",
        action="append",
        default=[],
        metavar="TEXT",
        help="a text that none of its files may contain, such as the build directory",
    )
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Verify one wheel and report every finding."""
    platform = parse_platform(args.platform)
    abi = PythonAbi.parse(args.abi)
    expected = Expectation(
        wheel=args.wheel,
        platform=platform,
        abi=abi,
        extensions=tuple(args.extension),
        forbidden_texts=tuple(filter(None, args.forbid_path)),
    )
    found = verify(expected)
    write_text(args.report, VerifyReport(tuple(found)).to_json())
    if not found:
        return ExitCode.OK
    noun = "problem" if len(found) == 1 else "problems"
    sys.stderr.write(f"spokeshave verify: {args.wheel.name} has {len(found)} {noun}\n")
    sys.stderr.writelines(f"{item}\n" for item in found)
    return ExitCode.USER_ERROR


def verify(expected: Expectation) -> list[Finding]:
    """Return every finding about a wheel, in the order of `Rule`.

    Raises:
        SpokeshaveError: If there is no such file.
    """
    if not expected.wheel.is_file():
        # Opening the file raises the common error for missing files.
        unpack(expected.wheel, Path())
    with tempfile.TemporaryDirectory(prefix="spokeshave-verify-") as scratch:
        try:
            tree = unpack(expected.wheel, Path(scratch).resolve() / "wheel")
        except InvalidWheelError as err:
            return findings(Rule.ARCHIVE, err.problems)
        subject = Subject(tree, expected)
        found = [item for check in _CHECKS for item in check(subject)]
        found += _native_findings(subject)
    order = list(Rule)
    return sorted(dict.fromkeys(found), key=lambda item: (order.index(item.rule), item.place))


def _native_findings(subject: Subject) -> list[Finding]:
    try:
        return [item for check in _NATIVE_CHECKS for item in check(subject)]
    except SpokeshaveError as err:
        # A damaged ELF file is the only finding about native code.
        return findings(Rule.ARCHIVE, err.problems)
