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


def test_document_has_one_form_after_any_stamp() -> None:
    data = json.dumps(document(OLD_URL, "0+unstamped")).encode()
    same = restamp_sbom(data, Restamp("a_b", "0+unstamped", "0+unstamped"), "w")
    there = restamp_sbom(data, CHANGE, "w")
    assert there
    assert same == restamp_sbom(there, Restamp("a_b", "1.0rc1", "0+unstamped"), "w") != data


def test_document_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidWheelError, match="w: sbom: is not JSON"):
        restamp_sbom(b"<xml/>", CHANGE, "w: sbom")
