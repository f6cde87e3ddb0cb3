from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.release.check.fields import check_fields, check_local_versions
from spokeshave.release.check.file.reader import read_file
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, write_draft


def problems(tmp_path: Path, headers: list[str], description: str = "") -> list[str]:
    path = write_draft(tmp_path, WheelDraft(headers=headers, description=description))
    return [str(problem) for problem in check_fields([read_file(path)])]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Classifier: Topic :: Tensors", "has the classifier 'Topic :: Tensors', which PyPI does not know"),
        ("Classifier: Private :: Do Not Upload", "'Private :: Do Not Upload', which PyPI does not know"),
        ("Classifier: Natural Language :: Ukranian", "deprecated classifier 'Natural Language :: Ukranian'; use"),
        ("Home-page: abacus.example", "has 'abacus.example' as Home-page, which is not a URL"),
        ("Download-URL: ftp://abacus.example", "has 'ftp://abacus.example' as Download-URL"),
        ("Project-URL: Home, nowhere", "has 'nowhere' as Project-URL Home"),
        (f"Project-URL: {'x' * 33}, https://a.example", "more than 32 characters"),
        ("Author-email: Ada <ada at home>", "which is not an e-mail address"),
        ("Requires-Dist: numpy @ https://a.example/n.whl", "by its URL"),
        ("Provides-Dist: a b", "has 'a b', which is not a requirement"),
        (f"Summary: {'x' * 513}", "has a Summary of more than 512 characters"),
    ],
)
def test_a_field_that_pypi_refuses_is_reported(tmp_path: Path, header: str, expected: str) -> None:
    found = problems(tmp_path, [header])
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize(
    "address",
    [
        *(
            f"ada@abacus.{domain}"
            for domain in ("local", "test", "localhost", "invalid", "onion", "in-addr.arpa", "TEST")
        ),
        *("a..b@abacus.example", ".a@abacus.example", "a.@abacus.example", "a@abacus..example", "a@.example"),
        *(
            "a@-abacus.example",
            "a@abacus-.example",
            "a@aba_cus.example",
            "a@127.0.0.1",
            "a@abacus",
            "a@abacus.example.",
        ),
        *(f"a@{'b' * 64}.example", f"a@{'b.' * 126}example", "a@ab--cd.example"),
    ],
)
def test_an_address_that_pypi_refuses_is_reported(tmp_path: Path, address: str) -> None:
    found = problems(tmp_path, [f"Maintainer-email: Ada <{address}>"])
    assert len(found) == 1, found
    assert f"{address!r} as Maintainer-email, which is not an e-mail address that PyPI accepts" in found[0]


@pytest.mark.parametrize(
    "address", ["a.b+c@xn--bcher-kva.example", "o'neil_x@a-b.co.uk", "ädä@äbacus.example", "a@x1.io"]
)
def test_an_unusual_address_is_accepted(tmp_path: Path, address: str) -> None:
    assert problems(tmp_path, [f"Author-email: Ada <{address}>"]) == []


def test_fields_that_pypi_accepts_have_no_problems(tmp_path: Path) -> None:
    headers = [
        "Classifier: Programming Language :: Python :: 3",
        "Home-page: https://abacus.example/a?b=c#d",
        "Project-URL: Home, http://localhost:8000",
        "Author-email: Ada <ada@abacus.example>, second",
        "Requires-Dist: numpy>=2",
        "Summary: " + "x" * 512,
    ]
    assert problems(tmp_path, headers, "A *description*.") == []


def test_a_description_that_cannot_be_shown_is_reported(tmp_path: Path) -> None:
    broken = "Title\n==\n\n.. nothing:: here\n"
    found = problems(tmp_path, [], broken)
    assert len(found) == 1
    assert "has a description that PyPI cannot show as text/x-rst" in found[0]
    for kind in ("text/markdown", "text/plain; charset=UTF-8"):
        assert problems(tmp_path, [f"Description-Content-Type: {kind}"], broken) == []


def test_two_licenses_are_reported(tmp_path: Path) -> None:
    draft = WheelDraft(headers=["License: MIT", "License-Expression: MIT"])
    found = [str(problem) for problem in check_fields([read_file(write_draft(tmp_path, draft))])]
    assert len(found) == 1
    assert "has both License and License-Expression" in found[0]


def test_a_local_version_is_reported(tmp_path: Path) -> None:
    local = read_file(write_draft(tmp_path, WheelDraft(version="3.12.0+cu118")))
    (problem,) = check_local_versions([local, read_file(write_draft(tmp_path))])
    assert "local version 3.12.0+cu118" in str(problem)
