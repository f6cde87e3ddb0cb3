"""The goal `test`: smoke-test a `python_native_wheel` on every listed Python that the machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from pants.core.goals.multi_tool_goal_helper import SkippableSubsystem
from pants.core.goals.test import TestFieldSet, TestRequest, TestResult, TestSubsystem
from pants.engine.fs import EMPTY_FILE_DIGEST
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.option_types import SkipOption
from pants.option.subsystem import Subsystem
from pants.util.logging import LogLevel

from spokeshave_core.outcomes import Outcome
from spokeshave_pants.pants_api import implicitly, output_arguments, rule
from spokeshave_pants.wheel.target_types import PythonsField, SmokeTestsField
from spokeshave_pants.wheel.wheel_set import SmokeTestedWheelsRequest, smoke_test_wheels


class SmokeTestSubsystem(Subsystem):
    """Options of the smoke tests of wheels."""

    options_scope = "smoke-test"
    name = "smoke-test"
    help = "The smoke tests of `python_native_wheel` targets, as the `test` goal runs them."

    skip = SkipOption("test")


@dataclass(frozen=True)
class NativeWheelTestFieldSet(TestFieldSet):
    """The fields of a target that `test` smoke-tests."""

    required_fields = (PythonsField, SmokeTestsField)

    pythons: PythonsField
    smoke_tests: SmokeTestsField


class NativeWheelTestRequest(TestRequest):
    """A request of the goal `test`."""

    # Pants' protocol and Pants' own subsystems disagree about which attributes are class variables.
    tool_subsystem = cast("type[SkippableSubsystem]", SmokeTestSubsystem)
    field_set_type = NativeWheelTestFieldSet


@rule(desc="Smoke-test native wheels", level=LogLevel.DEBUG)
async def test_native_wheels(
    batch: NativeWheelTestRequest.Batch[NativeWheelTestFieldSet, Any], test_subsystem: TestSubsystem
) -> TestResult:
    field_set = batch.single_element
    # A wheel that cannot run here has no test and need not be built for one.
    results = await smoke_test_wheels(SmokeTestedWheelsRequest(field_set.address, only_runnable=True), **implicitly())
    problems = results.problems()
    lines = [
        f"{wheel.wheel.file_name} on Python {report.python}: {report.outcome.value}"
        + (f" ({report.reason})" if report.outcome is Outcome.NOT_RUN else "")
        for wheel in results.wheels
        for report in wheel.smoke
    ]
    lines += results.left_out
    smoke_actions = [action for wheel in results.wheels for report in wheel.smoke for action in report.actions]
    # If no test ran, the newest action of the wheel decides whether the result is from this run or cached.
    actions = smoke_actions or [wheel.wheel.actions[-1] for wheel in results.wheels]
    return TestResult(
        exit_code=1 if problems else 0,
        stdout_digest=EMPTY_FILE_DIGEST,
        **output_arguments(stdout="\n".join(lines) + "\n", stderr="\n\n".join(problems)),
        stderr_digest=EMPTY_FILE_DIGEST,
        addresses=(field_set.address,),
        output_setting=test_subsystem.output,
        result_metadata=actions[0].metadata if actions else None,
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *NativeWheelTestRequest.rules()]
