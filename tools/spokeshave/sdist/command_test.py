"""The commands `sdist write`, `sdist stamp` and `sdist compare`."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.check.file.reader import read_files
from spokeshave.sdist.archive import SdistFile, read_sdist, write_sdist
from spokeshave.sdist.tar_file import LARGE
from spokeshave.testing.report_fixtures import read_report
from spokeshave.testing.wheel_fixtures import PYPROJECT, make_wheel, write_tree
from spokeshave_core.reports.sdist import NativeFile, SdistCheckReport, SdistDescription, SdistReport, SourceGroup

NATIVE = {"core/a.c": "int a;\n", "core/a.h": "int a;\n"}
PAYLOAD = {"abacus_runtime/__init__.py": "from abacus_runtime._version import __version__\n"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def description(**group: object) -> SdistDescription:
    core = SourceGroup(
        name="core_objects",
        sources=("core/a.c",),
        package=None,
        uses_python=True,
        is_assembler=False,
        c_standard="c17",
        cxx_standard="c++20",
        **group,  # type: ignore[arg-type]
    )
    return SdistDescription(
        platforms=("manylinux_2_17_x86_64",),
        limited_api="3.12",
        is_independent=False,
        build_requirements=("nanobind>=2.0",),
        groups=(core,),
        extensions=(NativeFile("abacus_runtime._native", ("core_objects",)),),
    )


def written(folder: Path, *arguments: str, pyproject: str = PYPROJECT, **group: object) -> Path:
    """Write an sdist of a small project."""
    write_tree(folder / "native", NATIVE)
    write_tree(folder / "payload", PAYLOAD)
    write_tree(folder / "tests", {"smoke/test_it.py": "def test_it():\n    pass\n"})
    write_tree(folder / "project", {"pyproject.toml": pyproject, "LICENSE": "MIT\n", "README.md": "# Abacus\n"})
    write_tree(folder, {"description.json": description(**group).to_json(), "version.in": "V=@VERSION@\n"})
    inputs = ("--native", "native", "--payload", "payload", "--tests", "tests")
    argv = [
        *("sdist", "write", "--description", "description.json", "--pyproject", "project/pyproject.toml", *inputs),
        *("--output", "out", "--report", "report.json", *arguments),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(argv) == 0
    return folder / "out" / read_report(SdistReport, folder / "report.json").sdist


def stamped(sdist: Path, version: str, *facts: str) -> Path:
    """Stamp an sdist."""
    output = sdist.parent.parent / f"stamped-{version}"
    report = output / "report.json"
    argv = ["sdist", "stamp", "--sdist", str(sdist), "--version", version, "--output", str(output)]
    assert main([*argv, "--report", str(report), *facts]) == 0
    return output / read_report(SdistReport, report).sdist


def read(sdist: Path) -> dict[str, str]:
    """Return the texts of an sdist, by their paths below its folder."""
    with tarfile.open(sdist) as archive:
        found = {member.name: archive.extractfile(member) for member in archive}
        texts = {name: stream.read().decode() for name, stream in found.items() if stream}
    (folder,) = {name.split("/")[0] for name in texts}
    assert sdist.name == f"{folder}.tar.gz"
    return {name[len(folder) + 1 :]: text for name, text in texts.items()}


def test_an_sdist_has_all_that_its_build_reads(tmp_path: Path) -> None:
    sdist = written(tmp_path)
    assert sdist.name == "abacus_runtime-0+unstamped.tar.gz"
    files = read(sdist)
    assert sorted(files) == [
        *("CMakeLists.txt", "LICENSE", "PKG-INFO", "cmake/python_module.map", "native/core/a.c", "native/core/a.h"),
        *("pyproject.toml", "python/abacus_runtime/__init__.py", "spokeshave.json", "tests/smoke/test_it.py"),
    ]
    assert '"scikit-build-core>=0.11",\n  "nanobind>=2.0",' in files["pyproject.toml"]
    assert 'wheel.py-api = "cp312"' in files["pyproject.toml"]
    assert "python_add_library(abacus_runtime._native" in files["CMakeLists.txt"]


def test_the_stamp_changes_the_version_and_nothing_else(tmp_path: Path) -> None:
    arguments = ("--pin", "abacus-compiler", "--version-module", "abacus_runtime/_version.py")
    sdist = written(tmp_path, *arguments, "--version-file", "abacus_runtime/v.txt=version.in", needs_version=True)
    before = read(sdist)
    after = read(stamped(sdist, "3.12.0rc1", "--channel", "rc", "--commit", COMMIT))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *("PKG-INFO", "pyproject.toml", "spokeshave.json", "include/spokeshave/version.h"),
        *("python/abacus_runtime/_version.py", "python/abacus_runtime/v.txt"),
    }
    assert "\nVersion: 3.12.0rc1\n" in after["PKG-INFO"]
    assert "abacus-compiler==3.12.0rc1" in after["PKG-INFO"]
    assert '"abacus-compiler==3.12.0rc1"' in after["pyproject.toml"]
    assert after["python/abacus_runtime/v.txt"] == "V=3.12.0rc1\n"
    assert '#define SPOKESHAVE_VERSION() ("3.12.0rc1")' in after["include/spokeshave/version.h"]
    assert f'commit: str | None = "{COMMIT}"' in after["python/abacus_runtime/_version.py"]
    assert not [name for name, text in after.items() if "unstamped" in text]


def test_a_stamped_sdist_can_be_stamped_again(tmp_path: Path) -> None:
    sdist = written(tmp_path, "--pin", "abacus-compiler", "--version-module", "abacus_runtime/_version.py")
    through = stamped(stamped(sdist, "3.12.0rc1"), "3.12.0")
    assert through.read_bytes() == stamped(sdist, "3.12.0").read_bytes()


def test_a_static_version_is_stamped_in_pyproject_too(tmp_path: Path) -> None:
    text = '[project]\nname = "counter"\nversion = "0.4.1"\n'
    sdist = written(tmp_path, pyproject=text)
    assert "Version: 0.4.1\n" in read(stamped(sdist, "0.4.1"))["PKG-INFO"]
    assert 'version = "0.4.2"' in read(stamped(stamped(sdist, "0.4.1"), "0.4.2"))["pyproject.toml"]


def test_dynamic_dependencies_are_written_for_the_backend(tmp_path: Path) -> None:
    text = '[project]\nname = "counter"\ndynamic = ["version", "dependencies"]\n'
    sdist = written(tmp_path, "--requirement", "numpy>=2", "--pin", "abacus", pyproject=text)
    assert 'result = [\n  "numpy>=2",\n  "abacus==3.0",\n]' in read(stamped(sdist, "3.0"))["pyproject.toml"]


def test_an_index_would_take_the_sdist(tmp_path: Path) -> None:
    sdist = stamped(written(tmp_path, "--pin", "abacus-compiler"), "3.12.0")
    (checked,) = read_files([sdist])
    assert checked.problems == ()
    assert (checked.project, str(checked.version)) == ("abacus-runtime", "3.12.0")
    # Fields of an sdist are final only from this version on (PEP 643).
    version = read(sdist)["PKG-INFO"].splitlines()[0].partition(": ")[2]
    assert tuple(map(int, version.split("."))) >= (2, 2)


def test_a_readme_outside_of_the_project_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tree(tmp_path, {"outside.md": "# Outside\n"})
    text = '[project]\nname = "counter"\nversion = "1"\nreadme = "../outside.md"\n'
    with pytest.raises(AssertionError):
        written(tmp_path, pyproject=text)
    assert "an sdist has the same folder" in capsys.readouterr().err


def test_a_file_of_the_project_cannot_replace_a_generated_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tree(tmp_path / "project", {"CMakeLists.txt": "# a license\n"})
    text = '[project]\nname = "counter"\nversion = "1"\nlicense-files = ["CMakeLists.txt"]\n'
    with pytest.raises(AssertionError):
        written(tmp_path, pyproject=text)
    assert "the sdist has another file at this path" in capsys.readouterr().err


def test_an_archive_that_is_not_from_here_cannot_be_stamped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sdist = written(tmp_path)
    sdist.write_bytes(b"")
    argv = ["sdist", "stamp", "--sdist", str(sdist), "--version", "1", "--output", str(tmp_path / "no")]
    assert main([*argv, "--report", str(tmp_path / "r.json")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_an_sdist_with_a_damaged_pyproject_cannot_be_stamped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sdist = written(tmp_path)
    folder, files = read_sdist(sdist)
    write_sdist(sdist.parent, folder, {**files, "pyproject.toml": SdistFile(b"[project]\nname = '\xff'\n")})
    argv = ["sdist", "stamp", "--sdist", str(sdist), "--version", "1", "--output", str(tmp_path / "no")]
    assert main([*argv, "--report", str(tmp_path / "r.json")]) == 1
    assert f"{sdist.name}: pyproject.toml: is not UTF-8" in capsys.readouterr().err


def compared(folder: Path, tree: dict[str, str], sdist: dict[str, str], *arguments: str) -> int:
    """Compare two wheels of the files."""
    wheels = [make_wheel(folder / name, files=files).path for name, files in (("tree", tree), ("sdist", sdist))]
    paths = ("--tree", str(wheels[0]), "--sdist", str(wheels[1]), "--report", str(folder / "compared.json"))
    return main(["sdist", "compare", *paths, *arguments])


def test_equal_wheels_are_equal(tmp_path: Path) -> None:
    files = {"abacus_runtime/__init__.py": "", "abacus_runtime.libs/libx-0123abcd.so": ""}
    other = {**files, "abacus_runtime.libs/libx.so": ""}
    del other["abacus_runtime.libs/libx-0123abcd.so"]
    assert compared(tmp_path, files, other) == 0
    report = read_report(SdistCheckReport, tmp_path / "compared.json")
    assert report.files >= len(files)


def test_a_difference_is_shown_in_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = {"abacus_runtime/__init__.py": ""}
    assert compared(tmp_path, {**both, "abacus_runtime/data.txt": ""}, {**both, "abacus_runtime/more.txt": ""}) == 1
    lines = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert ["the", "source", "tree", "abacus_runtime/data.txt", "the", "file", "itself"] in lines
    assert ["the", "sdist", "abacus_runtime/more.txt", "the", "file", "itself"] in lines


def test_the_remedy_names_where_a_backend_lists_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = {"abacus_runtime/__init__.py": ""}
    assert compared(tmp_path, {**both, "abacus_runtime/data.txt": ""}, both, "--by-backend") == 1
    assert "MANIFEST.in" in capsys.readouterr().err


def test_what_only_the_sdists_wheel_has_is_to_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Setuptools adds the C that Cython makes to an sdist, and then to the wheel of that."""
    both = {"abacus_runtime/__init__.py": ""}
    assert compared(tmp_path, both, {**both, "abacus_runtime/fast.c": ""}, "--by-backend") == 1
    text = capsys.readouterr().err
    assert 'exclude=["abacus_runtime/fast.c"] on the target' in text
    assert "MANIFEST.in" not in text


def test_files_that_a_target_leaves_out_are_not_compared(tmp_path: Path) -> None:
    both = {"abacus_runtime/__init__.py": ""}
    sdist = {**both, "tests/test_it.py": ""}
    assert compared(tmp_path / "all", both, sdist) == 1
    assert compared(tmp_path / "less", both, sdist, "--exclude", "tests/*") == 0


MEMBERS: dict[str, str] = {"PKG-INFO": "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n", "b/m.c": "int m;\n"}


def of_backend(folder: Path, members: dict[str, str], *links: tuple[str, str], time: int = 0) -> Path:
    """Write an sdist as a backend does: with folders, times and owners, and links."""
    folder.mkdir(parents=True)
    path = folder / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        top = tarfile.TarInfo("demo-1.0")
        top.type = tarfile.DIRTYPE
        archive.addfile(top)
        for name, text in members.items():
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.size = len(text)
            member.mtime = time
            member.uname = f"user{time}"
            archive.addfile(member, io.BytesIO(text.encode()))
        for name, target in links:
            link = tarfile.TarInfo(f"demo-1.0/{name}")
            link.type = tarfile.SYMTYPE
            link.linkname = target
            archive.addfile(link)
    return path


def taken_in(sdist: Path, version: str = "1.0") -> int:
    output = sdist.parent / "out"
    arguments = ("--output", str(output), "--report", str(sdist.parent / "report.json"))
    return main(["sdist", "intake", "--sdist", str(sdist), "--version", version, *arguments])


def test_the_sdist_of_a_backend_gets_the_same_bytes_at_any_time(tmp_path: Path) -> None:
    first = of_backend(tmp_path / "a", MEMBERS, ("c.c", "b/m.c"))
    second = of_backend(tmp_path / "b", dict(reversed(MEMBERS.items())), ("c.c", "b/m.c"), time=9)
    assert [taken_in(first), taken_in(second)] == [0, 0]
    made = first.parent / "out" / first.name
    assert made.read_bytes() == (second.parent / "out" / second.name).read_bytes()
    assert read(made) == {**MEMBERS, "c.c": MEMBERS["b/m.c"]}
    assert read_report(SdistReport, first.parent / "report.json").version == "1.0"


@pytest.mark.parametrize(
    ("members", "links", "version", "expected"),
    [
        ({"m.c": ""}, (), "1.0", "has no PKG-INFO"),
        (MEMBERS, (), "2.0", "has version 1.0 and not 2.0"),
        ({**MEMBERS, "../m.c": ""}, (), "1.0", "which is not in demo-1.0"),
        (MEMBERS, (("c.c", "../../m.c"),), "1.0", "has a link that leads to no file in it"),
        (MEMBERS, (("c.c", "c.c"),), "1.0", "has a link that leads to no file in it"),
        ({**MEMBERS, "a": "x" * LARGE}, (), "1.0", "unpacks to more than 50 times its size"),
        ({**MEMBERS, "a": "x" * (LARGE // 4)}, tuple((str(n), "a") for n in range(4)), "1.0", "more than 50 times"),
    ],
)
def test_an_unfit_sdist_of_a_backend_is_an_error(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    members: dict[str, str],
    links: tuple[tuple[str, str], ...],
    version: str,
    expected: str,
) -> None:
    assert taken_in(of_backend(tmp_path / "a", members, *links), version) == 1
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "a/out").exists()
