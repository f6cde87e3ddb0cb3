"""Tests of imports of extensions as dependencies."""

from __future__ import annotations

import logging

import pytest
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.dependency_inference.rules import (
    InferPythonImportDependencies,
    PythonImportDependenciesInferenceFieldSet,
)
from pants.backend.python.target_types import PythonSourcesGeneratorTarget
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import rules as core_target_types_rules
from pants.engine.addresses import Address
from pants.engine.target import InferredDependencies
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.wheel.plan import python_imports
from spokeshave_pants.wheel.target_types import PythonExtensionTarget

FILES = {
    "src/BUILD": "python_extension(name='ext', module='vm._native')",
    "src/vm/BUILD": "python_sources(sources=['*.py', '*.pyi'])",
    "src/vm/__init__.py": "from vm._native import run\n",
}


@pytest.fixture
def rule_runner() -> RuleRunner:
    return RuleRunner(
        rules=[
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *python_imports.rules(),
            *python_target_types_rules(),
            QueryRule(InferredDependencies, [InferPythonImportDependencies]),
        ],
        target_types=[PythonExtensionTarget, PythonSourcesGeneratorTarget],
    )


def imported(runner: RuleRunner, *options: str) -> set[str]:
    runner.set_options(["--source-root-patterns=['/src']", "--python-infer-use-rust-parser", *options])
    target = runner.get_target(Address("src/vm", relative_file_path="__init__.py"))
    request = InferPythonImportDependencies(PythonImportDependenciesInferenceFieldSet.create(target))
    return {address.spec for address in runner.request(InferredDependencies, [request]).include}


@pytest.mark.parametrize("options", [(), ("--python-enable-resolves", "--python-resolves={'base': 'base.txt'}")])
def test_a_source_that_imports_an_extension_depends_on_it(
    rule_runner: RuleRunner, options: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    rule_runner.write_files(FILES)
    defaults = ("--python-default-resolve=base",) if options else ()
    with caplog.at_level(logging.WARNING):
        assert imported(rule_runner, *options, *defaults) == {"src:ext"}
    assert not caplog.records


def test_a_stub_of_an_extension_belongs_to_it(rule_runner: RuleRunner) -> None:
    rule_runner.write_files({**FILES, "src/vm/_native.pyi": "def run() -> None: ...\n"})
    assert imported(rule_runner) == {"src:ext", "src/vm/_native.pyi"}
