from __future__ import annotations

import shutil
from http import HTTPStatus
from pathlib import Path

import pytest

from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.server.negotiation import SimpleForm
from spokeshave.release.index.server.site import Found, Redirect, Refusal, Site

SHA256 = "ab" * 32
WHEEL = "abacus_runtime-1.0-py3-none-any.whl"
PRIVATE = "PRIVATE"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write an index by hand, with a file next to it, and one that a link leads to."""
    folder = tmp_path / "index"
    write(folder / "generations/1/index.html", "people")
    write(folder / "generations/1/find-links.html", "all files")
    write(folder / "generations/1/sets.jsonl", PRIVATE)
    for project in ("", "abacus-runtime/"):
        write(folder / f"generations/1/simple/{project}index.html", "html")
        write(folder / f"generations/1/v1+json/{project}index.json", "{}")
    (folder / "current").symlink_to("generations/1")
    for name in ("index.html", "find-links.html", "simple", "v1+json"):
        (folder / name).symlink_to(f"current/{name}")
    for name in (WHEEL, f"{WHEEL}.metadata", f"{WHEEL}.provenance"):
        write(folder / "files" / SHA256 / name, name)
    write(folder / "releases/abacus/1.0/index.html", "set")
    write(folder / "releases/abacus/1.0/release.json", "{}")
    write(folder / "releases/abacus/1.0/state/folder.jsonl", PRIVATE)
    write(folder / "releases/abacus/1.0/fragments/key/_row.html", PRIVATE)
    write(folder / "lock", PRIVATE)
    write(folder / "incoming" / SHA256 / WHEEL, PRIVATE)
    write(tmp_path / "secret.txt", PRIVATE)
    (folder / "files" / SHA256 / "linked.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "files" / SHA256 / "ring.txt").symlink_to("ring.txt")
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(ReleaseIndex(folder))


@pytest.mark.parametrize(
    ("target", "path", "content_type"),
    [
        ("/", "generations/1/index.html", "text/html; charset=utf-8"),
        ("/?channel=nightly", "generations/1/index.html", "text/html; charset=utf-8"),
        ("/index.html", "generations/1/index.html", "text/html; charset=utf-8"),
        ("/find-links.html", "generations/1/find-links.html", "text/html; charset=utf-8"),
        ("/simple/", "generations/1/simple/index.html", "text/html; charset=utf-8"),
        ("/simple/index.html", "generations/1/simple/index.html", "text/html; charset=utf-8"),
        ("/simple/abacus-runtime/", "generations/1/simple/abacus-runtime/index.html", "text/html; charset=utf-8"),
        ("http://proxied/simple/", "generations/1/simple/index.html", "text/html; charset=utf-8"),
        ("/v1+json/", "generations/1/v1+json/index.json", SimpleForm.JSON.value),
        ("/v1%2Bjson/abacus-runtime/", "generations/1/v1+json/abacus-runtime/index.json", SimpleForm.JSON.value),
        (
            "/v1+json/abacus-runtime/index.json",
            "generations/1/v1+json/abacus-runtime/index.json",
            SimpleForm.JSON.value,
        ),
        (f"/files/{SHA256}/{WHEEL}", f"files/{SHA256}/{WHEEL}", "application/octet-stream"),
        (f"/files/{SHA256}/{WHEEL}.metadata", f"files/{SHA256}/{WHEEL}.metadata", "text/plain; charset=utf-8"),
        (
            f"/files/{SHA256}/{WHEEL}.provenance",
            f"files/{SHA256}/{WHEEL}.provenance",
            "application/vnd.pypi.integrity.v1+json",
        ),
        # What `release fetch` reads.
        ("/current/sets.jsonl", "generations/1/sets.jsonl", "application/x-ndjson"),
        ("/releases/abacus/1.0/", "releases/abacus/1.0/index.html", "text/html; charset=utf-8"),
        ("/releases/abacus/1.0/release.json", "releases/abacus/1.0/release.json", "application/json"),
    ],
)
def test_pages_and_files_are_found(site: Site, folder: Path, target: str, path: str, content_type: str) -> None:
    answer = site.answer(target, None)
    assert isinstance(answer, Found)
    assert answer.path == folder / path
    assert answer.content_type == content_type


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/simple", "simple/"),
        ("/v1+json", "v1+json/"),
        ("/simple/abacus-runtime", "abacus-runtime/"),
        ("/simple/Abacus_Runtime", "abacus-runtime/"),
        ("/simple/Abacus._-Runtime/", "../abacus-runtime/"),
        ("/v1+json/Abacus.Runtime/", "../abacus-runtime/"),
        ("/simple/ABACUS-runtime/index.html", "../abacus-runtime/index.html"),
        ("/simple/abacus-runtime?format=text/html", "abacus-runtime/?format=text/html"),
        ("/releases/abacus/1.0", "1.0/"),
    ],
)
def test_other_spellings_are_redirected(site: Site, target: str, location: str) -> None:
    assert site.answer(target, None) == Redirect(location)


@pytest.mark.parametrize(
    "target",
    [
        "/other",
        "//simple/",
        "/simple//",
        "/simple/other",
        "/simple/Other_One/",
        "/simple/abacus-runtime/x",
        "/simple/abacus-runtime/../",
        "/../secret.txt",
        "/files/../../secret.txt",
        "/%2e%2e/secret.txt",
        f"/files/{SHA256}/..%2f..%2f..%2fsecret.txt",
        f"/files/{SHA256}/..%5c..%5csecret.txt",
        f"/files/{SHA256}/linked.txt",
        f"/files/{SHA256}/ring.txt",
        f"/files/{SHA256}/%00",
        f"/files/{SHA256}/%ff",
        f"/files/{SHA256}/{'x' * 5000}",
        f"/files/{SHA256}/C:x",
        f"/files/{SHA256}/",
        f"/files/{SHA256}",
        "/files/",
        f"/files/{SHA256.upper()}/{WHEEL}",
        "/releases/",
        "/releases/abacus/",
        "/releases/abacus/1.0/state/folder.jsonl",
        "/releases/abacus/1.0/fragments/key/_row.html",
        "/releases/abacus/1.0/../../../generations/1/sets.jsonl",
        "/releases/abacus/2.0",
        "/generations/1/sets.jsonl",
        "/generations/",
        "/current/index.html",
        "/current/",
        "/current",
        "/sets.jsonl",
        "/lock",
        f"/incoming/{SHA256}/{WHEEL}",
        "*",
    ],
)
def test_what_is_not_public_is_not_found(site: Site, target: str) -> None:
    answer = site.answer(target, None)
    assert isinstance(answer, Refusal), answer
    assert answer.status is HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("target", ["http://[x/simple/", "http://[::1/"])
def test_a_target_that_is_not_a_url_is_refused(site: Site, target: str) -> None:
    answer = site.answer(target, None)
    assert isinstance(answer, Refusal), answer
    assert answer.status is HTTPStatus.BAD_REQUEST


def test_a_simple_page_has_the_form_that_is_accepted(site: Site, folder: Path) -> None:
    for target in ("/simple/", "/simple/abacus-runtime/"):
        answer = site.answer(target, SimpleForm.JSON.value)
        expected = folder / f"generations/1/v1+json/{target[len('/simple/') :]}index.json"
        assert answer == Found(expected, SimpleForm.JSON.value, is_negotiated=True)
        html = site.answer(target, SimpleForm.HTML.value)
        assert isinstance(html, Found)
        assert html.content_type == SimpleForm.HTML.value
        refused = site.answer(target, "application/json")
        assert isinstance(refused, Refusal)
        assert refused.status is HTTPStatus.NOT_ACCEPTABLE


def test_a_query_chooses_the_form_before_the_header(site: Site) -> None:
    answer = site.answer(f"/simple/?format={SimpleForm.JSON.value}", "text/html")
    assert isinstance(answer, Found)
    assert answer.content_type == SimpleForm.JSON.value
    assert isinstance(site.answer("/simple/?format=json", "text/html"), Refusal)


def test_only_files_by_hash_never_change(site: Site) -> None:
    def is_immutable(target: str) -> bool:
        answer = site.answer(target, None)
        assert isinstance(answer, Found)
        return answer.is_immutable

    assert is_immutable(f"/files/{SHA256}/{WHEEL}")
    assert is_immutable(f"/files/{SHA256}/{WHEEL}.metadata")
    # An attestation may come in later.
    assert not is_immutable(f"/files/{SHA256}/{WHEEL}.provenance")
    assert not is_immutable("/simple/")


def test_a_page_is_one_of_the_newest_generation(site: Site, folder: Path) -> None:
    shutil.copytree(folder / "generations/1", folder / "generations/2")
    (folder / "next").symlink_to("generations/2")
    (folder / "next").replace(folder / "current")
    answer = site.answer("/simple/", None)
    assert isinstance(answer, Found)
    assert answer.path == folder / "generations/2/simple/index.html"
