"""Tests of resources among the sources of setuptools' extensions."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from spokeshave.standalone.backend.hook import accept_resources


@pytest.fixture
def compiler() -> Any:
    """Setuptools' compiler for POSIX systems, which only remembers what it would start."""
    importlib.import_module("setuptools")
    original: Any = importlib.import_module("distutils.unixccompiler").UnixCCompiler

    class Compiler(original):  # type: ignore[misc]
        def spawn(self, command: list[str], **_: Any) -> None:
            self.started.append(command)

    made = Compiler()
    made.started = []
    return made


def test_resources_go_to_windres_and_sources_to_the_compiler(compiler: Any, tmp_path: Path) -> None:
    accept_resources(type(compiler))
    folder = str(tmp_path)
    made = compiler.compile(
        ["app.rc", "app.c"], output_dir=folder, include_dirs=["res"], macros=[("VERSION", "1")], extra_preargs=["-O3"]
    )
    assert made == [os.path.join(folder, name) for name in ("app.rc.o", "app.o")]
    resources, source = sorted(compiler.started, key=lambda command: command[0] != "windres")
    assert resources == ["windres", "-DVERSION=1", "-Ires", "-i", "app.rc", "-o", made[0]]
    assert source[0] != "windres"
    assert "app.c" in source


def test_other_platforms_have_no_resources(compiler: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"unknown file type .*\.rc"):
        compiler.compile(["app.rc"], output_dir=str(tmp_path))
