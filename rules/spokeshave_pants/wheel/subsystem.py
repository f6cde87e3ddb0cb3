"""Options of the tools that make, test and publish wheels."""

from __future__ import annotations

from enum import Enum

from pants.option.option_types import DictOption, EnumListOption, StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import softwrap

from spokeshave_pants.platform import HOST, check_platform_globs


class ReportFormat(Enum):
    """How `package` can report on its wheels, beside the JSON that it always writes."""

    HTML = "html"
    GITHUB = "github"

    @classmethod
    def _missing_(cls, value: object) -> None:
        # Pants' own words would not say what there is.
        formats = ", ".join(f"`{known.value}`" for known in cls)
        raise ValueError(f"there is no report as {value!r}, but {formats}; JSON is written in any case")


class PackageReportOptions:
    """Options of the goal `package` that this backend adds to Pants' own."""

    report = EnumListOption(
        enum_type=ReportFormat,
        help=softwrap(
            """
            What to write of native wheels beside the JSON report of each target. `html` is one page, `report.html` in
            the folder of the wheels, with the matrix of all wheels of the run, what ran and what came from a cache, and
            a timeline with the critical path. It needs no network and no other file. `github` is for a step of GitHub
            Actions: it prints an annotation for each compile error, problem, finding of the verification and failed
            smoke test, and adds the tables to the summary of the step. Both can be given: `["html", "github"]`.
            """
        ),
    )


class SpokeshaveToolsSubsystem(Subsystem):
    options_scope = "spokeshave-tools"
    help = "The tools that assemble, repair, verify, stamp and test wheels, run in sandboxes."

    requirements = StrOption(
        default="resource://spokeshave_pants.resources/tools.txt",
        help=softwrap(
            """
            The requirements file, in pip's `--hash` form, that pins what the tools need: a path from the build root,
            or the one that the plugin carries.
            """
        ),
        advanced=True,
    )
    smoke_requirements = StrOption(
        default="resource://spokeshave_pants.resources/smoke.txt",
        help="The requirements file, in pip's `--hash` form, with pytest, for wheels that give none of their own.",
        advanced=True,
    )


class NativeWheelSubsystem(Subsystem):
    options_scope = "native-wheel"
    help = "Which of the declared wheels a run is about."

    platforms = StrListOption(
        default=[],
        help=softwrap(
            """
            Only these of the platforms that targets list: globs of wheel platform tags, such as `win_*`, or `host` for
            those whose wheels this machine runs. A target that lists none of them is left out, which the run says.
            Unset, all.
            """
        ),
    )

    def globs(self) -> tuple[str, ...]:
        """The option's value.

        :raises InvalidPlatformError: for what no tag could fit, which is a slip of the pen.
        """
        check_platform_globs(
            [glob for glob in self.platforms if glob != HOST], where="the option `[native-wheel].platforms`"
        )
        return tuple(self.platforms)


class WheelSmokeSubsystem(Subsystem):
    options_scope = "wheel-smoke"
    help = "Smoke tests of wheels."

    reports = StrListOption(
        default=[],
        help=softwrap(
            """
            Reports that `spokeshave smoke-test` wrote on other machines (real macOS, Windows or ARM), as globs from the
            build root: `["reports/*.json"]`. A run in them counts for the wheel with the same sha256 and for the same
            Python; what they tell of other bytes does not count.
            """
        ),
    )


class WheelPublishSubsystem(Subsystem):
    options_scope = "wheel-publish"
    help = "Where `publish` uploads wheels to."

    repositories = DictOption[str](
        default={},
        help=softwrap(
            """
            Names for upload endpoints: `{"internal": "https://wheels.example.org/legacy/"}` lets targets say
            `repositories=["@internal"]`. A name that is not here is looked up in `~/.pypirc`; `pypi` and `testpypi` are
            known without either, and a URL that is stated for them wins.
            """
        ),
    )
    check_urls = DictOption[str](
        default={},
        help=softwrap(
            """
            The simple index (PEP 503) of a repository, by its name or upload URL, where it is not the upload URL's
            `/legacy/` or `/upload/` replaced by `/simple/`. It is asked which files are there already: the same bytes
            count as uploaded, other bytes are an error before anything is uploaded.
            """
        ),
    )
    requirements = StrOption(
        default="resource://spokeshave_pants.resources/twine.txt",
        help="The requirements file, in pip's `--hash` form, that pins twine.",
        advanced=True,
    )
