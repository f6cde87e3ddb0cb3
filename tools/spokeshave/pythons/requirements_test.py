from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import default_environment

from spokeshave.pythons.requirements import InvalidRequirementsError, Pin, read_pinned_file, read_pins

HASH = f"sha256:{'0' * 64}"
MARKERS = {key: str(value) for key, value in default_environment().items()}


def test_pins_are_read_as_uv_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# a comment\nPyTest==8.4.2 \\\n    --hash={HASH} \\\n    --hash=sha512:{'1' * 128}\n    # via -r smoke.in\n"
        f"tomli==2.5.0 ; python_version < '3' \\\n    --hash={HASH}\n"
    )
    assert read_pins(file, MARKERS) == [Pin("pytest", "8.4.2", (HASH, f"sha512:{'1' * 128}"))]
    assert str(read_pins(file, MARKERS)[0]) == f"pytest==8.4.2 --hash={HASH} --hash=sha512:{'1' * 128}"


REFUSED = {
    "pytest==8.4.2": "line 1: pytest==8.4.2: is not pinned to one version with hashes",
    f"pytest>=8 --hash={HASH}": "is not pinned to one version with hashes",
    f"pytest==8.* --hash={HASH}": "is not pinned to one version with hashes",
    f"pytest==8.* ,<9 --hash={HASH}": "is not pinned to one version with hashes",
    "pytest==8.4.2 --hash=md5:00": "has a hash that pip does not take here",
    f"demo @ https://example.org/demo-1.0.tar.gz --hash={HASH}": "is not pinned to one version with hashes",
    f"not a requirement --hash={HASH}": "is not a requirement",
    f"a @ https://[x/a-1-py3-none-any.whl --hash={HASH}": "is not a requirement (Invalid IPv6 URL)",
    f"pytest==8.4.2 ; os_name ~= 'x' --hash={HASH}": "is not a requirement (Undefined ",
    "-r more.txt": "line 1: -r: is not a requirement: it names another file, which is not read",
    "-c limits.txt": "is not a requirement: it names another file, which is not read",
    "-e .": "is a folder, which cannot be pinned by a hash",
    "./demo.whl": "is a file or an address without a name",
    "--no-deps": "is not an option that a requirements file can have",
    "--index-url https://index.example.org/simple": "requirements.txt: contains only options and pins no package",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_not_pinned_and_hashed_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(InvalidRequirementsError, match=r"requirements\.txt: ") as raised:
        read_pins(file, MARKERS)
    assert REFUSED[line] in str(raised.value)


def test_all_refused_lines_are_reported_together(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"-r more.txt\n\npytest==8.4.2\ntomli==2.5.0 --hash={HASH}\n-e .\n")
    with pytest.raises(InvalidRequirementsError) as raised:
        read_pins(file, MARKERS)
    assert [problem.place.partition(": ")[2] for problem in raised.value.problems] == [
        "line 1: -r",
        "line 3: pytest==8.4.2",
        "line 5: -e",
    ]


def test_options_that_pins_do_not_need_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    lookups = [
        "--index-url https://index.example.org/simple",
        "--trusted-host index.example.org",
        "--find-links wheels",
    ]
    others = ["--only-binary :all:", "--no-binary numpy", "--pre", "--require-hashes"]
    lines = [*lookups, *others, f"pytest==8.4.2 --hash={HASH.upper().replace('SHA', 'sha')}"]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    found = read_pinned_file(file, MARKERS)
    assert (found.pins, found.lookups) == ((Pin("pytest", "8.4.2", (HASH,)),), tuple(lookups))


@pytest.mark.parametrize(
    ("line", "absolute"),
    [
        ("-f wheels", "-f {folder}/wheels"),
        ("-fwheels", "-f{folder}/wheels"),
        ("--find-links wheels", "--find-links {folder}/wheels"),
        ("--find-links=./wheels", "--find-links={folder}/wheels"),
        ("--find-links 'my wheels'", "--find-links '{folder}/my wheels'"),
        ("--find-links ../elsewhere/wheels/page.html", "--find-links {folder}/../elsewhere/wheels/page.html"),
        ("--no-index -f wheels --pre", "--no-index -f {folder}/wheels --pre"),
        ("-f ${FOLDER}", "-f '{folder}/${FOLDER}'"),
        ("-f absent", "-f absent"),
        ("-f https://wheels.example.org/", "-f https://wheels.example.org/"),
        ("--index-url wheels", "--index-url wheels"),
        ("-f 'wheels", "-f 'wheels"),
    ],
)
def test_folders_are_resolved_like_pip_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, absolute: str
) -> None:
    folder = tmp_path / "elsewhere"
    for name in ("wheels", "my wheels"):
        (folder / name).mkdir(parents=True)
    folder.joinpath("wheels", "page.html").touch()
    folder.joinpath("requirements.txt").write_text(f"{line}\npytest==8.4.2 --hash={HASH}\n")
    monkeypatch.setenv("FOLDER", "wheels")
    monkeypatch.chdir(tmp_path)
    found = read_pinned_file(Path("elsewhere/requirements.txt"), MARKERS)
    assert found.lookups == (absolute.replace("{folder}", str(folder)),)


def test_an_address_of_a_wheel_pins_its_version(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    address = "https://wheels.example.org/Demo-1.0%2Blocal-py3-none-any.whl"
    file.write_text(f"Demo @ {address} --hash={HASH}\n")
    (pin,) = read_pins(file, MARKERS)
    assert (str(pin), pin.source) == (f"demo==1.0+local --hash={HASH}", f"demo @ {address} --hash={HASH}")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequirementsError, match="cannot be read"):
        read_pins(tmp_path / "absent.txt", MARKERS)
