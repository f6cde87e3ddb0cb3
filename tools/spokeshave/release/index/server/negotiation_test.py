from __future__ import annotations

import pytest

from spokeshave.release.index.server.negotiation import SimpleForm, form_of, negotiated_form

PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
UV = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, SimpleForm.LEGACY_HTML),
        ("", SimpleForm.LEGACY_HTML),
        ("*/*", SimpleForm.LEGACY_HTML),
        ("text/html", SimpleForm.LEGACY_HTML),
        ("text/*", SimpleForm.LEGACY_HTML),
        (BROWSER, SimpleForm.LEGACY_HTML),
        (PIP, SimpleForm.JSON),
        (UV, SimpleForm.JSON),
        ("application/*", SimpleForm.JSON),
        ("application/vnd.pypi.simple.latest+json", SimpleForm.JSON),
        ("application/vnd.pypi.simple.latest+html", SimpleForm.HTML),
        ("application/vnd.pypi.simple.v1+html", SimpleForm.HTML),
        ("APPLICATION/VND.PyPI.simple.V1+JSON ; Q=0.5", SimpleForm.JSON),
        ("text/html;charset=utf-8;q=0.9, application/vnd.pypi.simple.v1+json;q=0.8", SimpleForm.LEGACY_HTML),
        ("text/html, application/vnd.pypi.simple.v1+json", SimpleForm.JSON),
        # The precise range counts, not the wildcard that covers it too.
        ("application/vnd.pypi.simple.v1+json;q=0, */*", SimpleForm.LEGACY_HTML),
        ("text/html;q=0, */*;q=0.1", SimpleForm.JSON),
        ("application/json", None),
        ("application/vnd.pypi.simple.v2+json", None),
        ("*/*;q=0", None),
        ("text/html;q=0", None),
        ("text/html;q=much, application/vnd.pypi.simple.v1+html;q=0.1", SimpleForm.HTML),
        ("text/html;q=1.5, application/vnd.pypi.simple.v1+html;q=0.1", SimpleForm.HTML),
        ("*/html, application/vnd.pypi.simple.v1+html;q=0.1", SimpleForm.HTML),
    ],
)
def test_a_client_gets_the_form_that_it_prefers(accept: str | None, form: SimpleForm | None) -> None:
    assert negotiated_form(accept) is form


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("application/vnd.pypi.simple.v1+json", SimpleForm.JSON),
        ("application/vnd.pypi.simple.v1 json", SimpleForm.JSON),
        ("application/vnd.pypi.simple.latest+html", SimpleForm.HTML),
        ("text/html", SimpleForm.LEGACY_HTML),
        ("json", None),
        ("", None),
    ],
)
def test_a_query_names_a_form(name: str, form: SimpleForm | None) -> None:
    assert form_of(name) is form
