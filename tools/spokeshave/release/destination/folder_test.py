from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.files import sha256_of_file
from spokeshave.pythons.pip import pip_folder
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.destination.destination import Destination, DestinationError
from spokeshave.release.integrity import read_sums
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import Presence


def wheel_of(folder: Path, name: str = "demo", version: str = "1.0", code: str = "") -> Path:
    return build_wheel(folder, {f"{name}/__init__.py": code}, "py3-none-any", name=name, version=version)


def open_folder(path: Path) -> Destination:
    with open_destination(f"folder:{path}", DestinationOptions(), {}) as destination:
        return destination


def test_files_appear_together_when_they_are_committed(tmp_path: Path) -> None:
    wheels = [wheel_of(tmp_path, name) for name in ("runtime", "compiler")]
    attestation = tmp_path / f"{wheels[0].name}.publish.attestation"
    attestation.write_text("{}")
    folder = open_folder(tmp_path / "wheels")
    assert folder.is_atomic
    assert [folder.send(wheel, [attestation][: wheel is wheels[0]]).status for wheel in wheels] == [
        AttemptStatus.STORED,
        AttemptStatus.STORED,
    ]
    assert not (tmp_path / "wheels").exists()
    assert not folder.listing("runtime").exists
    folder.commit(tmp_path)
    assert {path.name for path in (tmp_path / "wheels").iterdir()} == {
        *(wheel.name for wheel in wheels),
        attestation.name,
        "SHA256SUMS",
    }
    listing = folder.listing("Runtime")
    (file,) = listing.files.values()
    assert (listing.exists, listing.versions) == (True, ("1.0",))
    assert (file.sha256, file.size) == sha256_of_file(wheels[0])
    assert folder.state_of(wheels[0], listing) is Presence.THERE
    assert folder.hidden("runtime", [wheels[0].name, "absent.whl"]) == {"absent.whl"}
    assert (folder.credential_problems(), folder.scrubbed("text")) == ([], "text")


def test_attestations_that_come_later_are_added(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    folder = open_folder(tmp_path / "wheels")
    folder.send(wheel)
    folder.commit(tmp_path)
    attestations = tmp_path / "attestations"
    attestations.mkdir()
    for name in (wheel.name, "absent.whl"):
        (attestations / f"{name}.publish.attestation").write_text("{}")
    for _ in range(2):
        open_folder(tmp_path / "wheels").commit(tmp_path)
        names = {path.name for path in (tmp_path / "wheels").iterdir()}
        assert names == {wheel.name, f"{wheel.name}.publish.attestation", "SHA256SUMS"}
    assert (tmp_path / "wheels").readlink().name == "2"


def test_a_second_release_keeps_the_first(tmp_path: Path) -> None:
    for version in ("1.9", "1.10"):
        folder = open_folder(tmp_path / "wheels")
        folder.send(wheel_of(tmp_path, version=version))
        folder.commit(tmp_path)
    assert folder.listing("demo").versions == ("1.9", "1.10")
    for number in range(3):
        folder.send(wheel_of(tmp_path, version=f"2.{number}"))
        folder.commit(tmp_path)
    assert len(folder.listing("demo").files) == 5
    assert sorted(path.name for path in (tmp_path / "wheels.generations").iterdir()) == ["4", "5"]


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "wheels")
    wheel = wheel_of(tmp_path)
    other = wheel_of(tmp_path / "other", code="VALUE = 1")
    folder.send(wheel)
    folder.commit(tmp_path)
    assert folder.send(wheel).status is AttemptStatus.ALREADY_THERE
    refused = folder.send(other)
    assert refused.status is AttemptStatus.REFUSED
    assert "with other bytes" in str(refused.problem)
    assert folder.state_of(other, folder.listing("demo")) is Presence.OTHER_BYTES
    folder.commit(tmp_path)
    assert (tmp_path / "wheels" / wheel.name).read_bytes() == wheel.read_bytes()


def test_two_processes_at_once_lose_no_file(tmp_path: Path) -> None:
    first, second, third = (open_folder(tmp_path / "wheels") for _ in range(3))
    first.send(wheel_of(tmp_path, "one"))
    second.send(wheel_of(tmp_path, "two"))
    third.send(wheel_of(tmp_path / "other", "one", code="VALUE = 1"))
    second.commit(tmp_path)
    first.commit(tmp_path)
    assert {path.name[:3] for path in (tmp_path / "wheels").glob("*.whl")} == {"one", "two"}
    assert read_sums(tmp_path / "wheels") == {
        path.name: sha256_of_file(path)[0] for path in (tmp_path / "wheels").glob("*.whl")
    }
    with pytest.raises(DestinationError, match=r"one-1\.0-py3-none-any\.whl: is already in folder:"):
        third.commit(tmp_path)
    assert sha256_of_file(tmp_path / "wheels/one-1.0-py3-none-any.whl") == sha256_of_file(
        tmp_path / "one-1.0-py3-none-any.whl"
    )


def test_the_release_of_a_killed_process_is_whole_or_absent(tmp_path: Path) -> None:
    # It was killed after it made the generation, and before it made the link to it.
    wheel_of(tmp_path / "wheels.generations/1", "one")
    # Another one was killed while it copied.
    (tmp_path / "wheels.generations/staged-x").mkdir()
    (tmp_path / "wheels.generations/staged-x/half.whl").write_bytes(b"PK")
    assert not open_folder(tmp_path / "wheels").listing("one").exists
    after = open_folder(tmp_path / "wheels")
    assert after.send(wheel_of(tmp_path, "one")).status is AttemptStatus.STORED
    after.send(wheel_of(tmp_path, "two"))
    after.commit(tmp_path)
    assert {path.name[:3] for path in (tmp_path / "wheels").glob("*.whl")} == {"one", "two"}
    assert read_sums(tmp_path / "wheels") == {
        path.name: sha256_of_file(path)[0] for path in (tmp_path / "wheels").glob("*.whl")
    }


def test_a_path_of_the_user_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "notes").write_text("")
    with pytest.raises(DestinationError, match="is a folder that no release has made"):
        open_folder(tmp_path / "wheels")
    with pytest.raises(DestinationError, match="is a file that no release has made"):
        open_folder(tmp_path / "notes")


@pytest.mark.parametrize(
    "target", ["real", "absent", "1", "other.generations/1", "link.generations", "link.generations/x"]
)
def test_a_link_of_the_user_is_left_alone(tmp_path: Path, target: str) -> None:
    link = tmp_path / "link"
    if target != "absent":
        (tmp_path / target).mkdir(parents=True)
    link.symlink_to(target, target_is_directory=True)
    with pytest.raises(DestinationError, match="which no release has made"):
        open_folder(link)
    link.unlink()
    folder = open_folder(link)
    folder.send(wheel_of(tmp_path))
    link.symlink_to(target, target_is_directory=True)
    with pytest.raises(DestinationError, match="which no release has made"):
        folder.commit(tmp_path)
    assert link.readlink() == Path(target)


@pytest.mark.parametrize("path", [".", "/", "..", "sub/.."])
def test_a_path_without_a_name_of_its_own_is_refused(path: str) -> None:
    with pytest.raises(DestinationError, match="is an existing folder"):
        open_folder(Path(path))


def test_a_file_that_cannot_be_copied_is_reported(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "wheels")
    assert "is not the name of a wheel" in str(folder.send(tmp_path / "notes.txt").problem)
    assert "cannot be copied" in str(folder.send(tmp_path / "demo-1.0-py3-none-any.whl").problem)


def test_pip_installs_from_the_folder(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "wheels")
    folder.send(wheel_of(tmp_path, code="VALUE = 1"))
    folder.commit(tmp_path)
    pip = [sys.executable, "-I", str(pip_folder()), "--isolated", "--disable-pip-version-check", "install"]
    links = ["--no-index", "--find-links", str(tmp_path / "wheels"), "--target", str(tmp_path / "target")]
    subprocess.run([*pip, *links, "demo"], check=True, capture_output=True)
    assert (tmp_path / "target/demo/__init__.py").read_text() == "VALUE = 1"
