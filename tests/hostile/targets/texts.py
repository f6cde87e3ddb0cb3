"""Texts that people and other tools write: pyproject.toml, version files, requirements, records, reports, recipes."""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from hostile.limits import Target
from hostile.targets.common import each_of, in_file
from spokeshave.assemble.metadata import read_metadata, read_toml
from spokeshave.cache_server.settings import make_settings, read_config
from spokeshave.cache_server.status import read_status
from spokeshave.cache_server.tokens import read_secret
from spokeshave.develop.environment import DeveloperEnvironment
from spokeshave.develop.requirements import missing_requirements
from spokeshave.develop.written import WrittenFiles
from spokeshave.processes import ProcessResult
from spokeshave.pythons.requirements import read_pinned_file
from spokeshave.release.attestations import read_attestations
from spokeshave.release.conda.names import CondaNames
from spokeshave.release.conda.reading import read_recipes
from spokeshave.release.fetch.sums import read_sums_file
from spokeshave.release.fetch.wanted import parse_wanted
from spokeshave.release.index.writer.provenance import render_provenance
from spokeshave.release.integrity import verify_record
from spokeshave.release.publish.journal import Journal, known_destinations, known_parts
from spokeshave.release.record import read_record
from spokeshave.release.retention.keep_file import read_keep_file
from spokeshave.release.retention.pins import read_pins
from spokeshave.repair.command import read_components
from spokeshave.sdist.pyproject import Backend, repin_text, sdist_pyproject, with_static_version
from spokeshave.smoke.user_tests import _result
from spokeshave.standalone.backend.build_python import BuildPython
from spokeshave.standalone.backend.project import read_project, refuse_rust
from spokeshave.standalone.backend.request import Request, UserError
from spokeshave.standalone.backend.version import apply_version
from spokeshave.version.command import VersionRequest, compute_version, version_report
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core import release, reports
from spokeshave_core.channel import Channel
from spokeshave_core.manifest import parse_manifest
from spokeshave_core.reports.report import InvalidReportError, Report

MARKERS = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.12.0",
    "python_version": "3.12",
    "sys_platform": "linux",
}
PYPROJECT = b"""[build-system]
requires = ["scikit-build-core>=0.10", "other"]
build-backend = "scikit_build_core.build"

[project]
name = "Abacus.Runtime"
version = "1.0"
description = "Runs tensor expressions"
requires-python = ">=3.9"
license = "MIT"
readme = {text = "x", content-type = "text/markdown"}
dependencies = ["numpy>=1.20; python_version >= '3.9'", "other"]
authors = [{name = "A", email = "a@example.org"}]

[project.optional-dependencies]
all = ["other[cli]; sys_platform == 'linux'"]

[project.scripts]
abacus-run = "abacus.cli:main"

[tool.scikit-build]
wheel.packages = []
"""
PYLOCK = b"""lock-version = "1.0"
created-by = "x"
[[packages]]
name = "demo"
version = "1.0"
wheels = [{url = "https://example.org/demo-1.0-py3-none-any.whl", hashes = {sha256 = "00"}}]
[[packages]]
name = "other"
archive = {path = "./other-2.0.tar.gz"}
"""
REQUIREMENTS = b"""# comment
--index-url https://example.org/simple
-f ./wheels
numpy==2.3.5 ; python_version >= '3.9' \\
    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000 \\
    --hash=sha256:1111111111111111111111111111111111111111111111111111111111111111
demo @ https://a.org/demo-1.0-py3-none-any.whl \\
    --hash=sha256:2222222222222222222222222222222222222222222222222222222222222222
other[all]===1.0
-r more.txt
./local.whl
"""
PINNED = REQUIREMENTS[: REQUIREMENTS.index(b"other[all]")]
RECORD = b"""{"name": "abacus", "version": "1.0rc1", "channel": "rc", "commit": null, "format": 1,
"projects": {"demo": {"version": "1.0rc1", "requires": [], "expected": []}}, "revisions": {"llvm": "a"},
"made_by": {"spokeshave": "1"}, "files": [{"name": "demo-1.0rc1-py3-none-any.whl", "project": "demo",
"sha256": "0000000000000000000000000000000000000000000000000000000000000000", "size": 3, "payload_sha256": null,
"metadata_sha256": null, "requires_python": ">=3.9", "source": null, "tested": [{"python": "3.12",
"where": "Linux", "report_sha256": "00", "outcome": "passed", "of": "file"}]}]}
"""
SUMS = b"0000000000000000000000000000000000000000000000000000000000000000  files/demo.whl\n"
JOURNAL = b"""{"time": "t", "event": "begins", "destination": "pypi", "repository-url": "https://x", "only": "*.whl"}
{"time": "t", "event": "sending", "file": "demo.whl", "sha256": "00"}
{"time": "t", "event": "listed", "file": "demo.whl", "sha256": "00"}
{"time": "t", "ev
"""
STATEMENT = (
    "eyJzdWJqZWN0IjogW3sibmFtZSI6ICJ4LndobCIsICJkaWdlc3QiOiB7InNoYTI1NiI6ICIwMCJ9fV0sICJwcmVkaWNhdGVUeXBlIjogImEifQ=="
)
ATTESTATION = json.dumps({"version": 1, "envelope": {"statement": STATEMENT, "signature": "AA=="}}).encode()
MANIFEST = b"""{"format": 1, "pythons": [{"name": "a", "system": "glibc", "system_version": "2.36",
"architecture": "aarch64", "version": "3.13.5",
"emulator": "qemu", "launcher": ["/usr/bin/qemu"], "executable": "/x/python", "argv0": ["-0"],
"variables": {"A": "b"}, "origins": [["a", "1", "00"]], "free_threaded": false}]}
"""
CONDA = b"""schema_version: 1
context:
  version: "1.0"
package:
  name: demo
  version: ${{ version }}
source:
  - if: linux and x86_64
    then: {url: https://example.org/a.whl, sha256: "00"}
build:
  number: 0
  skip: [py < 310]
requirements:
  run: [python >=3.9, if: win, then: [vc14]]
"""
JUNIT = b"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite errors="0" failures="1" tests="2">
<testcase classname="test_a" name="test_b" time="0.1" /><testcase classname="test_a" name="test_c">
<failure message="assert 0">x</failure></testcase><testcase name="d"><skipped /></testcase></testsuite></testsuites>
"""
CONFIG = b"""directory = "cache"
listen = "127.0.0.1:8980"
max-size = "20G"
keep-recent = "1h"
threads = 9
insecure = true
"""
JSON_WORDS = (
    *(b"[" * 3000, b'{"a":' * 2000, b"9" * 5000, b"1e999", b"NaN", b"-Infinity", b'"\\ud800"', b"null", b"true", b'""'),
    *(b"\xff", b"\xef\xbb\xbf", b"\x00", b"-1", b"[]", b"{}", b"1.5", b"..", b"../x", b"/etc/passwd", b'"\\u0000"'),
)
TOML_WORDS = (
    *JSON_WORDS,
    *(b"a = [" + b"[" * 3000, b"0000-00-00", b"x.y.z=1\n", b'"""', b"'''", b"inf", b"[[project]]\n", b"[project]\n"),
    *(b"version = '" + b"1" * 5000 + b"'\n", b"dynamic = ['version']\n", b"license-files = ['../../*', '/etc/*']\n"),
    *(b"readme = '/etc/passwd'\n", b"readme = '../x.md'\n", b"license = {file = '/etc/passwd'}\n", b"\\U00110000"),
)
LINE_WORDS = (
    *(b"9" * 5000, b"==" + b"1" * 5000, b"\x00", b"\xff\xfe", b"\xfe\xff\x00", b"-r ", b"-r /etc/passwd", b"-c ../x"),
    *(b"-e .", b"--hash=", b"--hash=sha256:", b" @ https://[x", b"@ file:///etc/passwd", b"[" * 50, b"(" * 300),
    *(b"; python_version > '" + b"1" * 5000 + b"'", b"; extra == 'a'", b"\\\n", b"\x85", b"\xe2\x80\xa8", b" " * 500),
)


def every_report() -> list[type[Report]]:
    """Return the types of all reports that are read from files."""
    for package in (reports, release):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("_test"):
                importlib.import_module(module.name)
    return sorted(_subclasses(Report), key=lambda kind: kind.__name__)


def _subclasses(kind: type[Report]) -> set[type[Report]]:
    return set(kind.__subclasses__()).union(*map(_subclasses, kind.__subclasses__()))


def _reports(data: bytes, _: Path) -> None:
    text = data.decode("utf-8", "replace")
    faults = []
    for kind in every_report():
        try:
            kind.from_json(text).to_json()
        except InvalidReportError as err:
            faults.append(err)
    if len(faults) == len(every_report()):
        raise faults[0]


def _pyproject(path: Path) -> None:
    each_of(lambda: read_metadata(path, ["other"]), lambda: _sdist_pyproject(path))


def _sdist_pyproject(path: Path) -> None:
    read_toml(path)
    text = path.read_bytes().decode("utf-8")
    backend = Backend(dependencies=("other==1",))
    sdist_pyproject(text, backend, ["other"], "1.0", str(path))
    with_static_version(repin_text(text, ["other"], "1.0", "2.0"), "1.0", "2.0")


def _version(path: Path) -> None:
    for channel in (Channel.STABLE, Channel.DEV, Channel.RC):
        request = VersionRequest(channel=channel, commit="ab" * 20, date="20260821" if channel is Channel.RC else None)
        version_report(compute_version([path], request)).to_json()


def _requirements(path: Path) -> None:
    each_of(lambda: read_pinned_file(path, MARKERS), lambda: read_pins(path))


def _journal(path: Path) -> None:
    journal = Journal(path)
    journal.entries()
    journal.destination()
    journal.only()
    journal.sending()
    known_parts(path.parent)
    known_destinations(path.parent)


def _record(path: Path) -> None:
    (path.parent / "SHA256SUMS").write_bytes(SUMS)
    each_of(lambda: read_record(path.parent), lambda: verify_record(path.parent))


def _sums(path: Path) -> None:
    (path.parent / "release.json").write_bytes(RECORD)
    each_of(lambda: read_sums_file(path), lambda: verify_record(path.parent))


def _attestation(path: Path) -> None:
    (path.parent / "x.whl").write_bytes(b"")
    read_attestations(path.parent / "x.whl", [path])


def _config(path: Path) -> None:
    make_settings({}, read_config(path), path.parent)


def _words(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    each_of(lambda: parse_wanted(text.split("\n")[:50]), lambda: parse_wheel_name(text[:300]))


def _environment(path: Path) -> None:
    """Read an installed distribution, whose METADATA and RECORD are the input."""
    folder = path.parent / "demo-1.0.dist-info"
    folder.mkdir()
    for name in ("METADATA", "RECORD"):
        (folder / name).write_bytes(path.read_bytes())
    environment = DeveloperEnvironment(
        prefix=path.parent,
        python=path.parent / "bin/python",
        packages=path.parent,
        scripts=path.parent / "bin",
        headers=path.parent / "include",
        cache_tag="cpython-312",
        search_path=(str(path.parent),),
        interpreter=None,  # type: ignore[arg-type]
    )
    missing_requirements([Requirement("demo>=1")], MARKERS, environment.installed())
    environment.files_of(folder)


def _test_report(path: Path) -> None:
    for code in (0, 1):
        _result(ProcessResult(code, "E   ImportError: x", 1.0), path, None)  # type: ignore[arg-type]


def _provenance(data: bytes, _: Path) -> None:
    """Render the provenance of an attestation whose certificate names a file of CI."""
    url = data[:100]
    inner = b"\x0c" + bytes([len(url)]) + url
    extension = b"\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x12\x04" + bytes([len(inner)]) + inner
    for certificate in (extension, data):
        text = base64.b64encode(certificate).decode()
        render_provenance([json.dumps({"verification_material": {"certificate": text}})])


def _secret(path: Path) -> None:
    WrittenFiles.read(path.parent)
    each_of(lambda: read_secret(path), lambda: read_status(path.parent))


def _recipe(path: Path) -> None:
    for recipe in read_recipes(path):
        recipe.names()


def _backend_project(path: Path) -> None:
    """Read and edit a project as the program does that calls its build backend."""
    facts = path.parent / "facts.json"
    facts.write_text('{"sys_platform": "linux"}', "utf-8")
    content = {
        **dict.fromkeys(("output", "packages", "requirements", "foreign", "headers", "config_site"), "x"),
        **dict.fromkeys(("overlays", "prefixes", "path"), ()),
        "config_settings": {},
        "env": {},
        "where": "//a:wheel",
        "source": ".",
        "facts": facts.name,
        "version": {"mode": "stamped", "text": "2.0"},
    }
    request = Request.parse(content, path.parent, 1)
    for name in ("setup.cfg", "pyproject.toml"):
        path.rename(path.with_name(name))
        path = path.with_name(name)
        (path.parent / "setup.py").touch()
        project = read_project(request, path.parent)
        refuse_rust(request, project)
        apply_version(request, project, path.parent)


def _backend_programs(path: Path) -> None:
    """Lay out a build requirement with its programs."""
    python = BuildPython(path.parents[2] / "build")
    python.bin.mkdir(parents=True)
    python.site_packages.mkdir(parents=True)
    python._add(path.parents[2] / "demo")


def texts(*seeds: bytes) -> Callable[[], Sequence[bytes]]:
    """Return a function that returns seeds."""
    return lambda: seeds


TARGETS = (
    Target(
        name="backend-project",
        summary="pyproject.toml and setup.cfg, before a build backend runs",
        read=in_file("x", _backend_project),
        seeds=texts(PYPROJECT, b"[metadata]\nname = demo\nversion = 1.0\n", b'[tool.poetry]\nversion = "1.0"\n'),
        errors=(UserError,),
        words=TOML_WORDS,
    ),
    Target(
        name="backend-programs",
        summary="entry points of build requirements",
        read=in_file("demo/demo-1.0.dist-info/entry_points.txt", _backend_programs),
        seeds=texts(b"[console_scripts]\nx = a.b:c [d]\n[other]\ny=z\n"),
        errors=(UserError,),
        words=(*LINE_WORDS, b"[console_scripts]\n", b"../x = a:b\n", b"= a:b\n", b"[DEFAULT]\n", b"%(x)s", b"\r"),
    ),
    Target(
        name="pyproject",
        summary="pyproject.toml",
        read=in_file("pyproject.toml", _pyproject),
        seeds=texts(PYPROJECT),
        words=TOML_WORDS,
        reads_named=True,
    ),
    Target(
        name="version",
        summary="version files",
        read=in_file("version.json", _version),
        seeds=texts(b'{"package-version": "3.12.0.dev"}'),
        words=JSON_WORDS,
    ),
    Target(
        name="requirements",
        summary="requirements files",
        read=in_file("requirements.txt", _requirements),
        seeds=texts(REQUIREMENTS, PINNED),
        words=LINE_WORDS,
        reads_named=True,
    ),
    Target(
        name="pins", summary="lock files", read=in_file("pylock.toml", read_pins), seeds=texts(PYLOCK), words=TOML_WORDS
    ),
    Target(
        name="conda-names",
        summary="names of conda packages",
        read=in_file("names.toml", CondaNames.read),
        seeds=texts(b'numpy = "numpy"\n"a[b]" = ["c"]\n'),
        words=TOML_WORDS,
    ),
    Target(
        name="keep",
        summary="keep files",
        read=in_file("keep.txt", read_keep_file),
        seeds=texts(b"1.0\ndemo==2.0 # x\n"),
        words=LINE_WORDS,
    ),
    Target(
        name="wanted",
        summary="requirements and names of wheels on a command line",
        read=in_file("x", _words),
        seeds=texts(b"demo==1.0\ndemo", b"demo-1.0-1-cp310.cp311-abi3-linux_x86_64.whl"),
        words=LINE_WORDS,
    ),
    Target(
        name="report",
        summary="reports of other machines",
        read=_reports,
        seeds=texts(RECORD, b'{"problems": []}', b'{"wheel": "x", "sha256": "00", "runs": []}'),
        errors=(InvalidReportError,),
        words=JSON_WORDS,
    ),
    Target(
        name="release-record",
        summary="the manifest of a release",
        read=in_file("release.json", _record),
        seeds=texts(RECORD),
        words=JSON_WORDS,
    ),
    Target(name="sums", summary="SHA256SUMS", read=in_file("SHA256SUMS", _sums), seeds=texts(SUMS), words=LINE_WORDS),
    Target(
        name="journal",
        summary="journals of publications",
        read=in_file("x.jsonl", _journal),
        seeds=texts(JOURNAL),
        words=JSON_WORDS,
    ),
    Target(
        name="attestation",
        summary="attestations",
        read=in_file("x.whl.publish.attestation", _attestation),
        seeds=texts(ATTESTATION),
        words=JSON_WORDS,
    ),
    Target(
        name="manifest",
        summary="the manifest of emulated Pythons",
        read=lambda data, _: parse_manifest(data.decode("utf-8", "replace"), "manifest.json"),
        seeds=texts(MANIFEST),
        words=JSON_WORDS,
    ),
    Target(
        name="conda-recipe",
        summary="recipes of conda packages",
        read=in_file("recipe.yaml", _recipe),
        seeds=texts(CONDA),
        words=TOML_WORDS,
    ),
    Target(
        name="components",
        summary="components of --components",
        read=in_file("c.json", read_components),
        seeds=texts(
            b'{"components": [{"name": "zlib", "version": "1", "license": "Zlib", "purl": "pkg:generic/zlib@1"}]}'
        ),
        words=JSON_WORDS,
    ),
    Target(
        name="cache-config",
        summary="the configuration of the cache server",
        read=in_file("cache.toml", _config),
        seeds=texts(CONFIG),
        words=TOML_WORDS,
    ),
    Target(
        name="environment",
        summary="METADATA and RECORD of what is installed in a developer's environment",
        read=in_file("x", _environment),
        seeds=texts(b"Name: demo\nVersion: 1.0\n", b"demo/a.py,sha256=AA,1\n../bin/x,,\n"),
        words=(*LINE_WORDS, b"Name: ", b"Version: ", b",", b'"', b"\r", b",x\n"),
    ),
    Target(
        name="test-report",
        summary="pytest's reports of users' tests",
        read=in_file("junit.xml", _test_report),
        seeds=texts(JUNIT),
        words=(
            b"<testcase/>",
            b"<failure message=''/>",
            b"<!DOCTYPE a [",
            b"<!ENTITY a '&b;'>",
            b"&#0;",
            b"encoding='x'",
        ),
    ),
    Target(
        name="provenance",
        summary="certificates of attestations",
        read=_provenance,
        seeds=texts(
            b"https://github.com/o/r/.github/workflows/x.yml@refs/heads/main", b"https://gitlab.com/g/p//ci.yml"
        ),
        words=(b"https://[", b"\x0c\xff", b"\x04\x84\xff\xff\xff\xff", b"//", b"@", b"\xff", b"://x:99999999/"),
    ),
    Target(
        name="secret",
        summary="secrets and states of the cache server",
        read=in_file("status.json", _secret),
        seeds=texts(b"0" * 64, b'{"pid": 1}'),
        words=JSON_WORDS,
    ),
)
