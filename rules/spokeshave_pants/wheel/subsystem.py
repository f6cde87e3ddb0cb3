"""Options of `package`, `test`, `publish` and `tailor` for native wheels, and the goal `native-wheels`."""

from __future__ import annotations

from enum import Enum

from pants.engine.goal import Goal, GoalSubsystem, Outputting
from pants.option.option_types import BoolOption, DictOption, EnumListOption, EnumOption, StrListOption, StrOption
from pants.option.subsystem import Subsystem
from pants.util.strutil import help_text, softwrap

from spokeshave_pants.toolchain.platforms import HOST, check_platform_globs


class ReportFormat(Enum):
    """Formats of reports that `package` writes in addition to the JSON report."""

    HTML = "html"
    GITHUB = "github"

    @classmethod
    def _missing_(cls, value: object) -> None:
        # Pants' own message would not list the valid values.
        formats = ", ".join(f"`{known.value}`" for known in cls)
        raise ValueError(f"{value!r} is not a report format. Use {formats}; the JSON report is always written.")


class PackageReportOptions:
    """Options that this backend adds to the goal `package`."""

    report = EnumListOption(
        enum_type=ReportFormat,
        help=softwrap(
            """
            Reports of native wheels to write in addition to the JSON report of each target. `html` writes one page,
            `report.html`, to the folder of the wheels. It shows the matrix of all wheels of the run, which actions ran
            or came from a cache, and a timeline with the critical path. The page needs no network and no other file.
            `github` is for a step of GitHub Actions. It prints an annotation for each compile error, problem, finding
            of the verification and failed smoke test, and adds the tables to the summary of the step. Give both as
            `["html", "github"]`.
            """
        ),
    )


class NativeWheelSubsystem(Subsystem):
    options_scope = "native-wheel"
    help = "The selection of native wheels that a run builds, and the targets that `tailor` proposes."

    platforms = StrListOption(
        default=[],
        help=softwrap(
            """
            Build only these of the platforms that targets list: globs of wheel platform tags, such as `win_*`, or
            `host` for the platforms whose wheels this machine runs. A target that lists none of them is skipped, and
            the run reports it. Defaults to all platforms.
            """
        ),
    )

    tailor_extensions = BoolOption(
        default=True,
        help=softwrap(
            """
            Propose a `python_extension` for each C or C++ source that defines an extension module, by `PyInit_name`,
            `NB_MODULE` or `PYBIND11_MODULE`. Defaults to true.

            An import in the repository, a stub, or the package next to the source decides the module's package.
            """
        ),
        advanced=True,
    )
    tailor_wheels = BoolOption(
        default=True,
        help=softwrap(
            """
            Propose a `python_native_wheel` next to each `pyproject.toml` with a `[project]` table whose packages have
            a `python_extension`. Defaults to true.
            """
        ),
        advanced=True,
    )

    def globs(self) -> tuple[str, ...]:
        """Return the value of `platforms`.

        Raises:
            InvalidPlatformError: For a glob that matches no known tag, which is probably a typo.
        """
        check_platform_globs(
            [glob for glob in self.platforms if glob != HOST], where="the option `[native-wheel].platforms`"
        )
        return tuple(self.platforms)


class ListFormat(Enum):
    """Formats of the list of wheels."""

    TEXT = "text"
    JSON = "json"


class NativeWheelsSubsystem(Outputting, GoalSubsystem):
    name = "native-wheels"
    help = help_text(
        """
        List the wheels that `package` would build, with their file names and the Pythons of their smoke tests.

        Nothing is built. `--native-wheel-platforms` selects platforms as for `package`. Other targets are ignored.
        """
    )

    format = EnumOption(
        default=ListFormat.TEXT,
        help=softwrap(
            """
            `text` prints a table for each target. `json` prints a list in one line, with an object for each wheel, for
            the matrix of a CI workflow. Defaults to `text`.
            """
        ),
    )
    version = BoolOption(
        default=True,
        help=softwrap(
            """
            Compute the version that `package` would stamp, for the file names. Defaults to true.

            A dynamic version needs the tools' packages, which the first run on a machine downloads. With
            `--no-native-wheels-version` nothing is downloaded, and such a file name has `*` in place of the version.
            """
        ),
    )


class NativeWheels(Goal):
    subsystem_cls = NativeWheelsSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class WheelSmokeSubsystem(Subsystem):
    options_scope = "wheel-smoke"
    help = "Smoke tests of wheels."

    reports = StrListOption(
        default=[],
        help=softwrap(
            """
            Reports that `spokeshave smoke-test` wrote on other machines (macOS, Windows or ARM), as globs from the
            build root, such as `["reports/*.json"]`. A run in a report counts only for the wheel with the same sha256
            and for the same Python.
            """
        ),
    )


class WheelPublishSubsystem(Subsystem):
    options_scope = "wheel-publish"
    help = "The package indexes that `publish` uploads wheels to."

    repositories = DictOption[str](
        default={},
        help=softwrap(
            """
            Names of upload endpoints. For example, `{"internal": "https://wheels.example.org/legacy/"}` allows targets
            to use `repositories=["@internal"]`. Other names are looked up in `~/.pypirc`. `pypi` and `testpypi` are
            built in; a URL that is given for them here or there takes precedence.
            """
        ),
    )
    check_urls = DictOption[str](
        default={},
        help=softwrap(
            """
            The simple index (PEP 503) of a repository, by its name or upload URL. It defaults to the upload URL with
            `/legacy/` or `/upload/` replaced by `/simple/`. `publish` asks it which files exist already: a file with
            the same bytes counts as uploaded, and other bytes are an error before anything is uploaded.
            """
        ),
    )
    to = StrListOption(
        default=[],
        help=softwrap(
            """
            Publish only to these of the repositories that targets list, by name without `@`, or as a target lists them,
            such as a URL or `index:dist/index`. With a `release` that lists `@testpypi` and `@pypi`,
            `--wheel-publish-to=testpypi` and later `--wheel-publish-to=pypi` send the same files. Defaults to all.
            """
        ),
    )
    alone = BoolOption(
        default=False,
        help=softwrap(
            """
            Publish the wheels of a target that a `release` lists without the rest of the release. By default, `publish`
            refuses this, because users could install a part that does not fit the others.
            """
        ),
    )
    requirements = StrOption(
        default="resource://spokeshave_pants.resources/twine.txt",
        help="The requirements file, in pip's `--hash` form, that pins twine.",
        advanced=True,
    )


class ReleaseCheckSubsystem(GoalSubsystem):
    name = "release-check"
    help = help_text(
        """
        Check whether the indexes that a `release` names would take it as a whole. Nothing is sent.

        The release is built and sealed as by `package`. Then all that an index could refuse is checked: names that
        exist with other bytes, sizes and quotas, the order of versions, metadata, pins, files of wheels. All problems
        are listed in one run. `publish` does the same before it sends anything.
        """
    )


class ReleaseCheck(Goal):
    subsystem_cls = ReleaseCheckSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY


class ReleasePromoteSubsystem(GoalSubsystem):
    name = "release-promote"
    help = help_text(
        """
        Make a final release from the record of a release candidate, such as
        `release-promote --record=dist/releases/abacus/3.12.0rc20260821 --to=3.12.0`.

        Nothing is built: the wheels get the new version in all places that state one, and nothing else changes. The
        result has the same bytes on every machine. Its record is written next to the first one.
        """
    )

    record = StrOption(default=None, help="The folder of the release candidate's record, from the build root.")
    to = StrOption(default=None, help="The new version, such as `3.12.0`.")
    rewrite_text = StrListOption(
        default=[],
        help=softwrap(
            """
            Text files in the wheels in which the old version is replaced as well, as globs such as `*/about.txt`. By
            default, a file that goes on naming the old version is an error.
            """
        ),
    )


class ReleasePromote(Goal):
    subsystem_cls = ReleasePromoteSubsystem
    environment_behavior = Goal.EnvironmentBehavior.LOCAL_ONLY
