"""The command `spokeshave release fetch`: a release or wheels from an index or a folder, checked by sha256."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import ExitCode, counted
from spokeshave.option_values import count, seconds
from spokeshave.processes import ended_by_sigterm
from spokeshave.release.fetch.download import Downloader, Fetched
from spokeshave.release.fetch.failures import FetchError, Patience
from spokeshave.release.fetch.listing import lines_of_files, lines_of_sets
from spokeshave.release.fetch.progress import Progress
from spokeshave.release.fetch.projects import Distribution, choose_files, distributions_of, plan_downloads
from spokeshave.release.fetch.record_download import RecordDownload
from spokeshave.release.fetch.release_index import SetChoice, check_commit, choose_set, read_sets_of, with_channel
from spokeshave.release.fetch.source import FORMS, Source, SourceOptions, open_source
from spokeshave.release.fetch.sums import read_sums_file
from spokeshave.release.fetch.wanted import Wanted, parse_wanted
from spokeshave.release.file_selection import add_only_argument, selected
from spokeshave.report import write_text
from spokeshave.upload.options import add_index_arguments
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.fetch import FetchedFile, FetchOutcome, ReleaseFetchReport, ReleaseOfferReport
from spokeshave_core.release.index import IndexedSet

_JOBS = 4
_ATTEMPTS = 5
_PAUSE = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release fetch`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "A release of a release index (`spokeshave index`) is fetched as its whole record, and verified. From any "
        "other source,\nand for the name of a project, it is the files of one version. A name that both have is that "
        "of the release, and\nwith --only or --hashes that of the project. Each file is compared with its sha256. What "
        "is there already is not\nfetched again, so that the same command continues after any end.\n\n"
        "Exit codes: 0 all is there, 1 nothing new is, 3 some files are missing (the same command continues).\n\n"
        "Example: spokeshave release fetch abacus==3.12.0rc1 --from https://abacus.example/ --output dist/abacus-rc\n"
        "Example: spokeshave release fetch abacus --channel nightly --from https://abacus.example/ --output dist/new\n"
        "Example: spokeshave release fetch abacus-runtime==3.12.0 abacus-compiler==3.12.0 --from @pypi --output wheels"
    )
    parser.add_argument(
        "wanted",
        nargs="*",
        metavar="NAME[==VERSION]",
        help="a release, or projects. Without a version: the newest complete set of a release, or the newest version "
        "of a project (a pre-release if there is nothing else); yanked ones only by ==, and a record with --yanked",
    )
    parser.add_argument("--from", dest="source", required=True, metavar="SOURCE", help=f"where it is: {FORMS}")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the folder of the record, which must not exist with other content, or the folder that gets the files",
    )
    parser.add_argument("--list", action="store_true", help="print what there is, and fetch nothing")
    parser.add_argument("--channel", help="the channel of the release, such as nightly or stable")
    parser.add_argument(
        "--commit", metavar="SHA", help="the release of a commit, by the first 7 or more digits, with or without NAME"
    )
    add_only_argument(parser, "fetch a part of the files of projects (a record is always whole)")
    parser.add_argument(
        "--yanked",
        action="store_true",
        help="fetch the record of a yanked release too, such as to move an index. By default it is refused, so that "
        "none is promoted and published",
    )
    parser.add_argument(
        "--hashes",
        type=Path,
        metavar="SHA256SUMS",
        help="the sha256 of files, as `sha256sum` writes them. An index that lists none needs it; where the index "
        "lists others, nothing is fetched",
    )
    add_index_arguments(parser)
    parser.add_argument("--jobs", type=count, default=_JOBS, metavar="N", help=f"downloads at once (default: {_JOBS})")
    parser.add_argument(
        "--attempts", type=count, default=_ATTEMPTS, metavar="N", help=f"requests of one file (default: {_ATTEMPTS})"
    )
    parser.add_argument(
        "--pause",
        type=seconds,
        default=_PAUSE,
        metavar="SECONDS",
        help=f"the pause before a second attempt; each further one is twice as long (default: {_PAUSE:.0f})",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


@dataclass(frozen=True)
class Run:
    """A run of the command.

    Attributes:
        sets: What the source lists as a release index. None if it is not one.
    """

    args: argparse.Namespace
    wanted: tuple[Wanted, ...]
    source: Source
    sets: tuple[IndexedSet, ...] | None
    downloader: Downloader

    def choice(self) -> SetChoice | None:
        """Return which set is wanted. None if the files of projects are.

        Raises:
            FetchError: If it is not clear.
        """
        names = {canonicalize_name(listed.name) for listed in self.sets or ()}
        releases = [wanted for wanted in self.wanted if wanted.project in names]
        by_facts = [option for option in ("channel", "commit") if getattr(self.args, option)]
        if by_facts and (self.sets is None or (self.wanted and not releases)):
            message = f"is for releases of a release index, and {self.source.label} is asked for something else"
            raise FetchError(Problem(f"--{by_facts[0]}", message, "Omit it, or give the NAME of a release."))
        if self.wanted and (not releases or (not by_facts and self._are_projects_meant())):
            return None
        if len(self.wanted) > 1:
            remedy = "Run the command once for each release, each with an --output of its own."
            raise FetchError(Problem(releases[0].text, "is a release, which is fetched alone", remedy))
        choice = SetChoice(releases[0] if releases else None, self.args.channel, self.args.commit)
        self._check_options(choice)
        return choice

    def _are_projects_meant(self) -> bool:
        """Return whether names that may be those of releases are meant as those of projects: only these have parts."""
        projects = {project for listed in self.sets or () for project in listed.projects}
        has_parts = self.args.only or self.args.hashes or len(self.wanted) > 1
        return bool(has_parts) and all(wanted.project in projects for wanted in self.wanted)

    def _check_options(self, choice: SetChoice) -> None:
        """Check that a set is not asked for with options for the files of projects.

        Raises:
            FetchError: If it is.
        """
        option = "--only" if self.args.only else "--hashes" if self.args.hashes else None
        if option:
            found = [listed for listed in self.sets or () if choice.fits(listed)]
            projects = max(found, key=lambda listed: Version(listed.version)).projects if found else ()
            instead = f", such as {projects[0]}" if projects else ""
            alone = ", without --channel and --commit" if self.args.channel or self.args.commit else ""
            remedy = f"Omit {option}, or name projects of the release{instead}{alone}."
            raise FetchError(Problem(option, "is for files of projects, and a record is fetched whole", remedy))


def run(args: argparse.Namespace) -> int:
    """Fetch a release or files of projects, or list what there is."""
    wanted = _checked(args)
    stop = threading.Event()
    patience = Patience(args.attempts, args.pause, stop.wait)
    options = SourceOptions(args.check_url, args.timeout)
    with ended_by_sigterm(), open_source(args.source, options, os.environ) as source:
        downloader = Downloader(source=source, patience=patience, progress=Progress(), stop=stop, jobs=args.jobs)
        sets = read_sets_of(source, patience)
        this = Run(args=args, wanted=wanted, source=source, sets=sets, downloader=downloader)
        if args.list:
            return _list(this)
        choice = this.choice()
        report = _fetch_files(this) if choice is None else _fetch_record(this, choice)
    if args.report:
        write_text(args.report, report.to_json())
    return _show(report)


def _checked(args: argparse.Namespace) -> tuple[Wanted, ...]:
    """Return what is wanted, and check options that do not fit each other.

    Raises:
        FetchError: For all that is wrong.
    """
    problems = Problems()
    wanted: tuple[Wanted, ...] = ()
    with problems.collecting():
        wanted = parse_wanted(args.wanted)
    if args.commit:
        with problems.collecting():
            check_commit(args.commit)
    if not args.list and not args.output:
        problems.add("--output", "is missing", "Give the folder to write, or --list.")
    if not args.list and not args.wanted and not args.commit and not args.channel:
        problems.add("NAME", "is missing", "Give a NAME, --channel or --commit, or --list to see what there is.")
    problems.raise_if_any(FetchError)
    return wanted


def _fetch_record(this: Run, choice: SetChoice) -> ReleaseFetchReport:
    args = this.args
    listed = choose_set(this.sets or (), choice, this.source.label)
    print(f"{listed.name} {with_channel(listed)} from {this.source.label}", flush=True)
    notes = []
    if listed.yanked is not None:
        reason = " ".join(listed.yanked.split())
        message = f"is yanked{f': {reason}' if reason else ''}"
        if not args.yanked:
            remedy = "Choose another release, or add --yanked, if this one is meant."
            raise FetchError(Problem(f"{listed.name} {listed.version}", message, remedy))
        notes.append(f"{listed.name} {listed.version} {message}")
    download = RecordDownload(this.downloader, listed, args.output)
    present = download.present()
    results = [Fetched(file) for file in present] if present is not None else download.fetch()
    return _report(this, results, notes, listed)


def _fetch_files(this: Run) -> ReleaseFetchReport:
    args = this.args
    sums = read_sums_file(args.hashes) if args.hashes else {}
    files: list[Distribution] = []
    notes: list[str] = []
    problems = Problems()
    for wanted in this.wanted:
        with problems.collecting():
            chosen, remarks = choose_files(_offered(this, wanted), wanted, this.source.label)
            files += chosen
            notes += remarks
    problems.raise_if_any(FetchError)
    downloads = plan_downloads(files, args.only, sums, args.output, this.source.label)
    versions = dict.fromkeys(f"{each.project} {each.version}" for each in files)
    print(f"{', '.join(versions)} from {this.source.label}", flush=True)
    return _report(this, this.downloader.run(downloads), notes)


def _offered(this: Run, wanted: Wanted) -> tuple[Distribution, ...]:
    page = this.downloader.patience.again(lambda: this.source.page(wanted.project))
    return distributions_of(page, wanted, this.source.label) if page else ()


def _report(
    this: Run, results: Sequence[Fetched], notes: Sequence[str], listed: IndexedSet | None = None
) -> ReleaseFetchReport:
    return ReleaseFetchReport(
        source=this.source.label,
        output=str(this.args.output),
        files=tuple(result.file for result in results),
        release=listed,
        notes=tuple(notes),
        problems=tuple(result.problem for result in results if result.problem),
    )


def _show(report: ReleaseFetchReport) -> int:
    """Print the result, and return the exit code."""
    sys.stderr.writelines(f"warning: {note}\n" for note in report.notes)
    outcomes = [file.outcome for file in report.files]
    counts = ", ".join(f"{outcomes.count(each)} {each.value}" for each in FetchOutcome if each in outcomes)
    if not report.problems:
        whole = f"{report.release.name} {report.release.version}, verified: " if report.release else ""
        print(f"{report.output}: {whole}{counts}", flush=True)
        if report.release:
            print(f"release.json: sha256 {report.release.manifest_sha256}", flush=True)
        return ExitCode.OK
    missing = counted(outcomes.count(FetchOutcome.FAILED), "file")
    lines = [f"spokeshave release fetch: {missing} missing ({counts})", *map(str, report.problems)]
    if report.release:
        lines.append(f"{report.output} was not written. The same command continues with what is missing.")
    else:
        lines.append("The same command continues with what is missing.")
    sys.stderr.write("\n".join(lines) + "\n")
    return ExitCode.PARTIAL if _is_partial(report.files) else ExitCode.USER_ERROR


def _is_partial(files: Sequence[FetchedFile]) -> bool:
    return any(file.outcome is not FetchOutcome.FAILED for file in files)


def _list(this: Run) -> int:
    """Print the sets of a release index, or the files of projects."""
    choice = this.choice() if this.sets is not None else None
    if choice is not None:
        found = tuple(listed for listed in this.sets or () if choice.fits(listed))
        report = ReleaseOfferReport(this.source.label, sets=found)
        lines = lines_of_sets(found) if found else [f"{this.source.label} has no such release"]
    elif this.wanted:
        found_files = [(wanted, each) for wanted in this.wanted for each in _offered(this, wanted)]
        accepted = {each.name: each for wanted, each in found_files if wanted.accepts(str(each.version))}
        names = selected(accepted.keys(), this.args.only) if accepted else frozenset()
        offered = [each.offered() for name, each in accepted.items() if name in names]
        report = ReleaseOfferReport(this.source.label, files=tuple(offered))
        lines = lines_of_files(offered) if offered else [f"{this.source.label} has no such files"]
    else:
        message = "is not a release index, so that it lists projects by name only"
        raise FetchError(Problem(this.source.label, message, "Give the NAMEs of projects."))
    print("\n".join(lines), flush=True)
    if this.args.report:
        write_text(this.args.report, report.to_json())
    return ExitCode.OK if report.sets or report.files else ExitCode.USER_ERROR
