"""A self-contained HTML document: it works without a network, and its policy allows only its own style and script."""

from __future__ import annotations

import base64
import hashlib

from spokeshave_core.page.markup import Child, Html, element, raw_element


def render_document(title: str, *body: Child, style: str, script: str) -> Html:
    """Return a document. The script, which must not come from a user, runs when the body is loaded."""
    # Second line of defence: a name that was not escaped could not run or load anything.
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        raw_element("style", style),
    )
    shown = element("html", head, element("body", *body, raw_element("script", script)), lang="en")
    return Html(f"<!DOCTYPE html>\n{shown.text}\n")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
