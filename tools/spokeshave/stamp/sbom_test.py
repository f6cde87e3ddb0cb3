from __future__ import annotations

import json

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.stamp.sbom import Restamp, restamp_sbom

CHANGE = Restamp("a_b", "0+unstamped", "1.0rc1")
# auditwheel records its input wheel, so the tag is not the repaired wheel's.
OLD_URL = "pkg:pypi/a_b@0%2Bunstamped?file_name=a_b-0%2Bunstamped-cp312-abi3-linux_x86_64.whl"
NEW_URL = "pkg:pypi/a_b@1.0rc1?file_name=a_b-1.0rc1-cp312-abi3-linux_x86_64.whl"


def document(url: str, version: str) -> object:
    return {
        "bomFormat": "CycloneDX",
        "version": 1,
        "metadata": {"component": {"type": "library", "name": "a-b", "version": version, "bom-ref": url, "purl": url}},
        "components": [
            {"name": "libz.so", "version": version, "purl": f"pkg:deb/debian/zlib@{version}"},
            {"name": "other", "version": "1", "purl": f"pkg:pypi/other@{version}"},
        ],
        "dependencies": [
            {"ref": url, "dependsOn": ["x", f"a_b-{version}-py3-none-any.whl", f"b-{version}-py3-none-any.whl"]}
        ],
    }


def restamped(value: object, change: Restamp = CHANGE) -> object:
    data = restamp_sbom(json.dumps(value).encode(), change, "w: sbom")
    assert data is not None
    result: object = json.loads(data)
    return result


def test_only_mentions_of_the_wheel_itself_change() -> None:
    new = document(NEW_URL, "1.0rc1")
    assert isinstance(new, dict)
    new["components"] = [
        {"name": "libz.so", "version": "0+unstamped", "purl": "pkg:deb/debian/zlib@0+unstamped"},
        {"name": "other", "version": "1", "purl": "pkg:pypi/other@0+unstamped"},
    ]
    new["dependencies"][0]["dependsOn"][2] = "b-0+unstamped-py3-none-any.whl"
    assert restamped(document(OLD_URL, "0+unstamped")) == new


def test_second_stamp_equals_a_single_stamp() -> None:
    data = json.dumps(document(OLD_URL, "0+unstamped")).encode()
    last = "2.0.dev0+abc"
    stamped = restamp_sbom(data, Restamp("a_b", "0+unstamped", last), "w")
    between = restamp_sbom(data, CHANGE, "w")
    assert stamped
    assert between
    assert restamp_sbom(between, Restamp("a_b", "1.0rc1", last), "w") == stamped
    assert b"pkg:pypi/a_b@2.0.dev0%2Babc?file_name=a_b-2.0.dev0%2Babc-cp312" in stamped


def test_document_without_a_mention_is_not_rewritten() -> None:
    assert restamp_sbom(b'{ "components":[] }', CHANGE, "w") is None


@pytest.mark.parametrize("url", ["pkg:generic/zstd@1.5.6", "pkg:pypi/zstd-sys@1.5.6", "zstd", 1])
def test_library_with_the_name_and_version_of_the_wheel_stays(url: object) -> None:
    library = {"name": "zstd", "version": "1.5.6", "purl": url}
    subject = {"name": "zstd", "version": "1.5.6"}
    own = {**subject, "purl": "pkg:pypi/Zstd@1.5.6?a=b"}
    bare = {**subject, "purl": "pkg:pypi/zstd"}
    sbom = {"metadata": {"component": subject}, "components": [library, own, bare]}
    assert restamped(sbom, Restamp("zstd", "1.5.6", "1.5.7")) == {
        "metadata": {"component": {"name": "zstd", "version": "1.5.7"}},
        "components": [
            library,
            {"name": "zstd", "version": "1.5.7", "purl": "pkg:pypi/Zstd@1.5.7?a=b"},
            {**bare, "version": "1.5.7"},
        ],
    }


def test_document_has_one_form_after_any_stamp() -> None:
    data = json.dumps(document(OLD_URL, "0+unstamped")).encode()
    same = restamp_sbom(data, Restamp("a_b", "0+unstamped", "0+unstamped"), "w")
    stamped = restamp_sbom(data, CHANGE, "w")
    assert stamped
    assert same == restamp_sbom(stamped, Restamp("a_b", "1.0rc1", "0+unstamped"), "w") != data


def test_other_spelling_of_the_old_version_changes_too() -> None:
    old = document("pkg:pypi/a_b@1.0rc1?file_name=a_b-1.0rc1-cp312-abi3-linux_x86_64.whl", "1.0rc1")
    changed = json.dumps(restamped(old, Restamp("a_b", "1.0-rc1", "1.0")))
    assert "pkg:pypi/a_b@1.0?file_name=a_b-1.0-cp312-abi3-linux_x86_64.whl" in changed
    assert '"name": "a-b", "version": "1.0"' in changed


def test_document_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidWheelError, match="w: sbom: is not JSON"):
        restamp_sbom(b"<xml/>", CHANGE, "w: sbom")


def test_lone_surrogate_in_a_changed_document_is_refused() -> None:
    data = b'{"name": "a_b", "version": "0+unstamped", "description": "\\ud800"}'
    with pytest.raises(InvalidWheelError, match="w: sbom: has a text that is not Unicode"):
        restamp_sbom(data, CHANGE, "w: sbom")
