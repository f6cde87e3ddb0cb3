"""Tests of the document that all pages are, and of their common parts."""

from __future__ import annotations

import base64
import hashlib

from spokeshave_core.outcomes import Outcome
from spokeshave_core.page.document import render_document
from spokeshave_core.page.markup import element
from spokeshave_core.page.parts import chip, scrolled, section
from spokeshave_core.page.style import STYLE

HOSTILE = """</title><script>alert("1")</script>"""


def test_the_policy_allows_only_its_own_style_and_script() -> None:
    script = "document.title = '';"
    page = render_document(HOSTILE, element("p", HOSTILE), style=STYLE, script=script).text
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (STYLE, script)]
    assert f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{hashes[0]}&#x27;" in page
    assert f"script-src &#x27;sha256-{hashes[1]}&#x27;;" in page
    assert page.count("<script>") == page.count("<style>") == page.count("</title>") == 1
    assert page.startswith("<!DOCTYPE html>\n<html lang=")


def test_parts_have_the_names_that_a_reader_hears() -> None:
    table = scrolled("Actions", element("table")).text
    assert table == '<div class="scroll" tabindex="0" role="region" aria-label="Actions"><table></table></div>'
    shown = section("matrix", "Wheels", table).text
    assert shown.startswith('<section id="matrix" aria-labelledby="matrix-title"><h2 id="matrix-title">Wheels</h2>')
    outcome = chip("3.12", Outcome.NOT_RUN, 'no "wine"').text
    assert 'class="chip not-run" title="no &quot;wine&quot;"' in outcome
    assert '<span class="unseen"> not run</span>' in outcome
