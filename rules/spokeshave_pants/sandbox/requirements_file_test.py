"""Tests of where a requirements file comes from."""

from __future__ import annotations

import pytest
from pants.engine.fs import DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.resources.files import requirements
from spokeshave_pants.sandbox import requirements_file
from spokeshave_pants.sandbox.requirements_file import (
    NoResourceError,
    RequirementsFile,
    RequirementsFileRequest,
    read_resource,
)

WHERE = "the option `[spokeshave-tools].requirements`"


def test_a_resource_is_read_from_an_installed_package() -> None:
    request = RequirementsFileRequest("resource://spokeshave_pants.resources/smoke.txt", WHERE)
    assert read_resource(request) == ("smoke.txt", requirements("smoke.txt"))


@pytest.mark.parametrize("path", ["spokeshave_pants.resources/none.txt", "no_such_package/smoke.txt", "", "json/"])
def test_a_missing_resource_is_an_error(path: str) -> None:
    with pytest.raises(NoResourceError, match=r"spokeshave-tools.*does not exist.*Name a file of the repository"):
        read_resource(RequirementsFileRequest(f"resource://{path}", WHERE))


def test_a_path_is_a_file_of_the_repository() -> None:
    runner = RuleRunner(
        rules=[
            *requirements_file.rules(),
            QueryRule(RequirementsFile, [RequirementsFileRequest]),
        ]
    )
    runner.write_files({"pins/tools.txt": "a==1\n"})
    found = runner.request(RequirementsFile, [RequirementsFileRequest("pins/tools.txt", WHERE)])
    (file,) = runner.request(DigestContents, [found.digest])
    assert (file.path, file.content) == ("pins/tools.txt", b"a==1\n")
    with engine_error(contains=f"{WHERE}"):
        runner.request(RequirementsFile, [RequirementsFileRequest("pins/none.txt", WHERE)])
