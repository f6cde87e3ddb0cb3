"""Tests of the intake of wheels that a project's own build backend made."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path

import pytest

from spokeshave.intake.command import Intake, take_in
from spokeshave.native.macho.file import read_macho
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel, import_library, link_bare, module_source
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.tree import unpack
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import UNSTAMPED

LINUX = "manylinux_2_17_x86_64"
TAG = "cp312-cp312-linux_x86_64"
MODULE = "demo/_speed.cpython-312-x86_64-linux-gnu.so"
UNDEFINED = "-Wl,-undefined,dynamic_lookup"
SCM = f'''__version__ = version = "{UNSTAMPED}"
__version_tuple__ = version_tuple = (0, 'unstamped')
__commit_id__ = commit_id = None
'''


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extension module of Linux that takes a function from Python."""
    path = tmp_path_factory.mktemp("native") / "_speed.so"
    return link_bare(path, module_source("_speed"), LINUX)


def take(
    folder: Path,
    files: Mapping[str, bytes | str | Path],
    *,
    tag: str = TAG,
    version: str = UNSTAMPED,
    expected: str | None = UNSTAMPED,
    abi: str = "cp312",
    platform: str = LINUX,
    writers: Mapping[str, str] | None = None,
    exclude: tuple[str, ...] = (),
) -> Path:
    """Take in a wheel of some files, and return the result."""
    wheel = build_wheel(folder / "built", files, tag=tag, version=version)
    intake = Intake(
        wheels=(wheel,),
        platform=Platform.parse(platform),
        abi=PythonAbi.parse(abi),
        version=expected,
        version_files=writers or {},
        exclude=exclude,
    )
    return folder / "out" / take_in(intake, folder / "out").wheel


def refusal(folder: Path, files: Mapping[str, bytes | str | Path], **options: object) -> str:
    with pytest.raises(SpokeshaveError) as caught:
        take(folder, files, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_wheel_is_taken_in_for_the_repair(tmp_path: Path, library: Path) -> None:
    wheel = build_wheel(tmp_path / "built", {MODULE: library, "demo/__init__.py": ""}, tag=TAG, version="1.2")
    intake = Intake(
        wheels=(wheel,),
        platform=Platform.parse(LINUX),
        abi=PythonAbi.parse("cp312"),
        version=None,
        version_files={},
    )
    report = take_in(intake, tmp_path / "out")
    assert report.wheel == "demo-1.2-cp312-cp312-linux_x86_64.whl"
    assert (report.name, report.version, report.modules, report.left_out) == ("demo", "1.2", ("demo._speed",), ())
    assert report.requires_python == ">=3.8"
    with ArchiveReader(tmp_path / "out" / report.wheel) as reader:
        assert [*reader.members][-1] == "demo-1.2.dist-info/RECORD"
        assert "demo-1.2.dist-info/spokeshave.json" in reader.members
        assert all(member.size == member.compressed_size for member in reader.members.values())


def test_excluded_files_are_left_out_with_their_folders(tmp_path: Path, library: Path) -> None:
    files: dict[str, bytes | str | Path] = {
        MODULE: library,
        "demo/_speed.pyx": "",
        "demo/data/a.pyx.txt": "",
        ".gitignore": "*",
        "tests/deep/test_demo.py": "",
    }
    wheel = take(tmp_path, files, exclude=(".gitignore", "tests/*", "*.pyx", "*dist-info*"))
    with ArchiveReader(wheel) as reader:
        members = set(reader.members)
        record = reader.read("demo-0+unstamped.dist-info/RECORD").decode()
    assert {name for name in members if ".dist-info" not in name} == {MODULE, "demo/data/a.pyx.txt"}
    assert "demo-0+unstamped.dist-info/METADATA" in members
    assert "tests" not in record


def test_the_order_and_the_times_of_the_backend_do_not_count(tmp_path: Path, library: Path) -> None:
    files: dict[str, bytes | str | Path] = {MODULE: library, "demo/a.py": "", "demo/b.py": ""}
    first = take(tmp_path / "1", files)
    second = take(tmp_path / "2", dict(reversed(files.items())))
    assert first.read_bytes() == second.read_bytes()


def test_version_files_are_written_by_the_stamp(tmp_path: Path, library: Path) -> None:
    files: dict[str, bytes | str | Path] = {
        MODULE: library,
        "demo/_version.py": SCM,
        "demo/version.txt": f"{UNSTAMPED}\n",
    }
    writers = {"demo/_version.py": "setuptools_scm", "demo/version.txt": "plain"}
    wheel = take(tmp_path, files, writers=writers)
    done = stamp(wheel, VersionFacts("3.12.0rc2"), tmp_path / "stamped").wheel.path
    tree = unpack(done, tmp_path / "tree")
    assert tree.text("demo/version.txt") == "3.12.0rc2\n"
    assert '__version__ = version = "3.12.0rc2"\n' in tree.text("demo/_version.py")
    assert "version_tuple = (3, 12, 0, 'rc2')\n" in tree.text("demo/_version.py")


def test_a_file_with_the_version_has_to_be_listed(tmp_path: Path, library: Path) -> None:
    text = refusal(tmp_path, {MODULE: library, "demo/_version.py": SCM, "demo/about.txt": f"\nof {UNSTAMPED}"})
    assert f"demo/_version.py, line 1: contains the version {UNSTAMPED} of the build" in text
    assert 'Add "demo/_version.py": "setuptools_scm" to `version_files`' in text
    assert "demo/about.txt, line 2: contains" in text
    assert 'Add "demo/about.txt": "plain" to `version_files`' in text


def test_compiled_code_with_the_version_has_to_be_baked(tmp_path: Path, library: Path) -> None:
    data = library.read_bytes() + f"\0{UNSTAMPED}\0".encode()
    text = refusal(tmp_path, {MODULE: data})
    assert f"{MODULE}: contains the version {UNSTAMPED} of the build in compiled code" in text
    assert 'Set version="baked"' in text


@pytest.mark.parametrize(
    ("content", "writer", "message"),
    [
        ("no version\n", "plain", "does not contain the version that the build was given"),
        ("x = (0, 'unstamped')\n", "plain", "contains the version in a way that 'plain' does not know"),
        (f"{UNSTAMPED} @COMMIT@\n", "plain", "contains text between at signs"),
    ],
)
def test_a_version_file_that_cannot_be_written(
    tmp_path: Path, library: Path, content: str, writer: str, message: str
) -> None:
    assert message in refusal(tmp_path, {MODULE: library, "demo/v.py": content}, writers={"demo/v.py": writer})


def test_a_version_file_that_the_wheel_lacks(tmp_path: Path, library: Path) -> None:
    text = refusal(tmp_path, {MODULE: library, "demo/v.py": ""}, writers={"src/demo/v.py": "plain"})
    assert "src/demo/v.py: is listed in `version_files`, but is not in the wheel\n    The wheel has demo/v.py." in text


def test_a_project_that_keeps_its_version(tmp_path: Path, library: Path) -> None:
    text = refusal(tmp_path, {MODULE: library}, version="1.2")
    assert f"has the version 1.2, although the build was given {UNSTAMPED}" in text
    assert 'Set version="own" to keep 1.2' in text


def test_a_project_with_another_version_than_it_states(tmp_path: Path, library: Path) -> None:
    text = refusal(tmp_path, {MODULE: library}, version="1.2", expected="1.3")
    assert "has the version 1.2, but should have 1.3" in text


@pytest.mark.parametrize(
    ("tag", "abi", "message"),
    [
        ("py3-none-any", "cp312", "is a wheel for any platform, so the project compiled nothing"),
        ("cp312-cp312-linux_aarch64", "cp312", "is tagged for linux_aarch64, but was built for linux_x86_64"),
        ("cp39-abi3-linux_x86_64", "cp312", 'Set limited_api="3.9": one build serves 3.9 and all later.'),
        ("cp36-abi3-linux_x86_64", "cp312", 'Set limited_api="3.8": one build serves 3.8 and all later.'),
        ("cp312-abi3-linux_x86_64", "cp39-abi3", 'Set limited_api="3.12"'),
        ("cp312-cp312-linux_x86_64", "cp312-abi3", "The project does not use the stable ABI."),
        ("cp311-cp311-linux_x86_64", "cp312", "is tagged cp311-cp311, but was built as cp312-cp312"),
        ("py3-none-linux_x86_64", "cp312", "Set any_python=True on the target: one build serves all."),
        ("py2.py3-none-linux_x86_64", "cp312-abi3", "Set any_python=True in place of `limited_api`"),
        ("cp312-cp312-linux_x86_64", "py3-none", "Remove `any_python`."),
        ("py2-none-linux_x86_64", "py3-none", "Remove `any_python`."),
    ],
)
def test_a_wheel_of_another_tag_is_refused(tmp_path: Path, library: Path, tag: str, abi: str, message: str) -> None:
    assert message in refusal(tmp_path, {MODULE: library}, tag=tag, abi=abi)


def test_a_wheel_for_earlier_pythons_is_tagged_again(tmp_path: Path, library: Path) -> None:
    wheel = take(tmp_path, {"demo/_speed.abi3.so": library}, tag="cp36-abi3-linux_x86_64", abi="cp39-abi3")
    assert wheel.name == "demo-0+unstamped-cp39-abi3-linux_x86_64.whl"
    assert "Tag: cp39-abi3-linux_x86_64\n" in unpack(wheel, tmp_path / "tree").text("demo-0+unstamped.dist-info/WHEEL")


@pytest.mark.parametrize("tag", ["py3-none-linux_x86_64", "py2.py3-none-manylinux_2_17_x86_64"])
def test_a_wheel_for_any_python_is_one_build(tmp_path: Path, tag: str) -> None:
    code = '__attribute__((visibility("default"))) int answer(void) { return 42; }'
    library = link_bare(tmp_path / "libanswer.so", code, LINUX)
    wheel = take(tmp_path, {"demo/libanswer.so": library, "demo/__init__.py": ""}, tag=tag, abi="py3-none")
    assert wheel.name == "demo-0+unstamped-py3-none-linux_x86_64.whl"
    assert "Tag: py3-none-linux_x86_64\n" in unpack(wheel, tmp_path / "tree").text("demo-0+unstamped.dist-info/WHEEL")


def test_a_module_without_a_suffix_is_refused(tmp_path: Path, library: Path) -> None:
    text = refusal(tmp_path, {"demo/_speed.so": library})
    assert "demo/_speed.so: has no suffix for cp312, so the build did not find out what Python it is for" in text


def test_a_module_of_the_stable_abi_has_no_suffix_on_windows(tmp_path: Path) -> None:
    """Those of cffi are such modules, also in wheels of one Python."""
    tag = "cp312-cp312-win_amd64"
    imported = import_library(tmp_path / "import", "python312.dll", "PyModule_Create2 _PyObject_Dump")
    for name, statement in {"stable": "", "own": "_PyObject_Dump();"}.items():
        source = module_source("_speed", statement, code="extern void _PyObject_Dump(void);")
        link_bare(tmp_path / name, source, "win_amd64", str(imported))
    wheel = take(tmp_path / "1", {"demo/_speed.pyd": tmp_path / "stable"}, tag=tag, platform="win_amd64")
    assert wheel.name == "demo-0+unstamped-cp312-cp312-win_amd64.whl"
    assert "demo/_speed.pyd: has no suffix for cp312" in refusal(
        tmp_path / "2", {"demo/_speed.pyd": tmp_path / "own"}, tag=tag, platform="win_amd64"
    )


def test_a_module_that_does_not_use_python_is_refused(tmp_path: Path) -> None:
    source = '__attribute__((visibility("default"))) void *PyInit__speed(void) { return 0; }'
    bare = link_bare(tmp_path / "bare.so", source, LINUX)
    assert f"{MODULE}: takes no function from Python" in refusal(tmp_path, {MODULE: bare})


def test_a_wheel_without_native_code_is_refused(tmp_path: Path) -> None:
    assert "has no native code, so the project compiled nothing" in refusal(tmp_path, {"demo/__init__.py": ""})


def test_a_wheel_for_windows_may_lack_what_was_compiled(tmp_path: Path) -> None:
    """As pymongo's, which adds files with .pyd only where os.name is "nt"."""
    files = {"demo/__init__.py": ""}
    advice = "needs `target_platform_in_python=True`"
    assert advice not in refusal(tmp_path / "linux", files)
    assert advice in refusal(tmp_path / "windows", files, tag="cp312-cp312-win_amd64", platform="win_amd64")


def test_import_libraries_of_modules_are_left_out(tmp_path: Path, library: Path) -> None:
    files: dict[str, bytes | str | Path] = {
        MODULE: library,
        "demo/_core.cp312-win_arm64.pyd": b"",
        "demo/_core.cp312-win_arm64.dll.a": b"!<arch>\n",
        "demo/libdemo.dll.a": b"!<arch>\n",
    }
    wheel = take(tmp_path, files)
    with ArchiveReader(wheel) as reader:
        assert "demo/_core.cp312-win_arm64.dll.a" not in reader.members
        assert "demo/libdemo.dll.a" in reader.members


def test_the_builds_of_both_processors_are_joined(tmp_path: Path) -> None:
    wheels = []
    for part in ("macosx_11_0_x86_64", "macosx_11_0_arm64"):
        module = link_bare(tmp_path / part / "_speed.so", module_source("_speed"), part, UNDEFINED)
        files: dict[str, bytes | str | Path] = {"demo/_speed.cpython-312-darwin.so": module, "demo/__init__.py": ""}
        wheels.append(build_wheel(tmp_path / part, files, tag=f"cp312-cp312-{part}", version="1.2"))
    intake = Intake(
        wheels=tuple(wheels),
        platform=Platform.parse("macosx_11_0_universal2"),
        abi=PythonAbi.parse("cp312"),
        version="1.2",
        version_files={},
    )
    report = take_in(intake, tmp_path / "out")
    assert report.wheel == "demo-1.2-cp312-cp312-macosx_11_0_universal2.whl"
    tree = unpack(tmp_path / "out" / report.wheel, tmp_path / "tree")
    slices = read_macho(tree.root / "demo/_speed.cpython-312-darwin.so", "module").slices
    assert [each.architecture for each in slices] == ["x86_64", "arm64"]


@pytest.mark.parametrize(("metadata", "listed"), [("2.4", ["third-party/lib/COPYING"]), ("2.1", [])])
def test_licenses_of_projects_are_added(tmp_path: Path, library: Path, metadata: str, listed: list[str]) -> None:
    """METADATA lists them where that is one of its fields. The text after the fields stays."""
    license_file = tmp_path / "licenses/third-party/lib/COPYING"
    license_file.parent.mkdir(parents=True)
    license_file.write_text("of the library")
    text = f"Metadata-Version: {metadata}\nName: demo\nVersion: 1.2\n\nThe description.\n"
    wheel = build_wheel(tmp_path / "built", {MODULE: library, "dist-info/METADATA": text}, tag=TAG, version="1.2")
    intake = Intake(
        wheels=(wheel,),
        platform=Platform.parse(LINUX),
        abi=PythonAbi.parse("cp312"),
        version=None,
        version_files={},
        licenses=tmp_path / "licenses",
    )
    taken = unpack(tmp_path / "out" / take_in(intake, tmp_path / "out").wheel, tmp_path / "taken")
    assert taken.read("demo-1.2.dist-info/licenses/third-party/lib/COPYING") == b"of the library"
    headers = message_from_bytes(taken.read("demo-1.2.dist-info/METADATA"))
    assert headers.get_all("License-File", []) == listed
    assert headers.get_payload() == "The description.\n"
