"""Tests of the payload's hash: equal for all stamps of a wheel, and for nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.payload import payload_sha256
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import FILES, make_wheel
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts

COMMIT = "a" * 40
CHAINS = [
    (VersionFacts("3.12.0rc20260821", channel="rc", commit=COMMIT, revisions=(("llvm", "1"),)),),
    (VersionFacts("3.12.0rc1", commit=COMMIT), VersionFacts("3.12.0", channel="stable")),
    (VersionFacts("1!0.0.1.dev0+abc.dirty"), UNSTAMPED_FACTS, VersionFacts("2")),
]
SBOM = '{"metadata":{"component":{"name":"Foo","version":"1.0","purl":"pkg:pypi/foo@1.0"}},"version":"1.0"}'


def own_wheel(folder: Path) -> Path:
    return make_wheel(
        folder, data={"scripts/tool": "#!python\n"}, version_files={"abacus/v.h": "@VERSION@ @COMMIT@"}
    ).path


def foreign_wheel(folder: Path) -> Path:
    """Write a wheel as another backend would: other order, times, compression level and an SBOM of another form."""
    folder.mkdir(parents=True)
    files = {
        "Foo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\n",
        "Foo-1.0.dist-info/METADATA": "Name: Foo\r\nVersion: 1.0\r\nRequires-Dist: bar == 1.0\r\n\r\nText\n",
        "Foo-1.0.dist-info/sboms/a.cdx.json": SBOM,
        "Foo-1.0.data/scripts/foo": "#!python\n" * 99,
        "foo/": "",
        "foo/__init__.py": "version = '1.0'\n" * 99,
    }
    record = "".join(
        f"{name},sha256={'x' * 43},{len(text)}\n" for name, text in files.items() if not name.endswith("/")
    )
    with zipfile.ZipFile(folder / "Foo-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in {**files, "Foo-1.0.dist-info/RECORD": record + "Foo-1.0.dist-info/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2)), text)
    return folder / "Foo-1.0-py3-none-any.whl"


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("make", [own_wheel, foreign_wheel])
def test_every_stamp_of_a_wheel_has_its_payload(tmp_path: Path, make: object, chain: tuple[VersionFacts, ...]) -> None:
    assert callable(make)
    wheel = make(tmp_path / "made")
    expected = payload_sha256(wheel)
    for number, facts in enumerate(chain):
        wheel = stamp(wheel, facts, tmp_path / str(number)).wheel.path
        assert payload_sha256(wheel) == expected


@pytest.mark.parametrize("make", [own_wheel, foreign_wheel])
def test_payload_is_the_hash_of_the_unstamped_wheel(tmp_path: Path, make: object) -> None:
    assert callable(make)
    stamped = stamp(make(tmp_path / "made"), CHAINS[0][0], tmp_path / "rc").wheel.path
    back = stamp(stamped, UNSTAMPED_FACTS, tmp_path / "back").wheel
    before = sorted(tmp_path.rglob("*"))
    assert payload_sha256(stamped) == back.sha256 == sha256_of_file(back.path)[0]
    assert sorted(tmp_path.rglob("*")) == before


def test_another_payload_has_another_hash(tmp_path: Path) -> None:
    one = make_wheel(tmp_path / "one").path
    other = make_wheel(tmp_path / "other", files={**FILES, "abacus_runtime/cli.py": "def main() -> None: ...\n"}).path
    assert payload_sha256(one) == payload_sha256(make_wheel(tmp_path / "again").path)
    assert payload_sha256(one) != payload_sha256(other)


def test_pins_of_foreign_siblings_do_not_count(tmp_path: Path) -> None:
    lines = "Requires-Dist: base==1.0rc1\nRequires-Dist: other==1.0rc1\n"
    wheel = build_wheel(tmp_path, {"demo.py": ""}, tag="py3-none-any", version="1.0rc1", metadata_lines=lines)
    siblings = ("demo", "base")
    final = stamp(wheel, VersionFacts("1.0"), tmp_path / "final", siblings).wheel.path
    assert payload_sha256(final, siblings) == payload_sha256(wheel, siblings)
    assert payload_sha256(final) != payload_sha256(wheel)


def test_a_wheel_that_cannot_be_stamped_has_no_payload(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": "", "dist-info/RECORD.jws": "{}"}, tag="py3-none-any")
    with pytest.raises(InvalidWheelError, match="is a signature, which stamping would invalidate"):
        payload_sha256(wheel)
