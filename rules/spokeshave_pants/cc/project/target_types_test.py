"""Tests of what the fields of projects refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.target import InvalidTargetException

from spokeshave_pants.cc.project.target_types import CcMakeProjectTarget, ConfigureArgsField, PlatformMakeEnvField

HERE = Address("a", target_name="p")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("env", {"PATH": "/usr/bin"}, "`system_tools`"),
        ("env", {"A=B": "1"}, "names of variables"),
        ("env", {"": "1"}, "names of variables"),
        ("platform_env", {"win_*": {"PATH": ""}}, "`system_tools`"),
        ("platform_env", {"windows": {"A": "1"}}, "windows"),
        ("platform_make_args", {"windows": ["A=1"]}, "windows"),
        ("platform_configure_args", {"windows": ["--a"]}, "windows"),
        ("platform_configure_args", {"win_*": ["CFLAGS=-march=native"]}, "`platform_configure_args`.*march"),
        ("configure_args", ["--extra-cflags=-march=native"], "`configure_args`.*march"),
    ],
)
def test_a_field_of_a_make_project_is_refused(field: str, value: Any, reason: str) -> None:
    with pytest.raises(InvalidTargetException, match=reason):
        CcMakeProjectTarget({field: value}, HERE)


def test_a_script_may_name_folders_where_the_program_runs() -> None:
    arguments = ("--sysconfdir=/etc", "--with-ca-bundle=/etc/ssl/certs/ca-certificates.crt")
    assert CcMakeProjectTarget({"configure_args": arguments}, HERE)[ConfigureArgsField].value == arguments


def test_fields_by_platform_are_kept() -> None:
    target = CcMakeProjectTarget({"platform_env": {"win_*": {"LIBS": "-lws2_32"}}}, HERE)
    assert target[PlatformMakeEnvField].value["win_*"]["LIBS"] == "-lws2_32"
