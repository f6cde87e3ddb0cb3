"""Parts that pages have in common: sections, tables that scroll, and the outcomes of smoke tests."""

from __future__ import annotations

from spokeshave_core.outcomes import Outcome
from spokeshave_core.page.markup import Child, Html, element

_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_RUN: "○"}


def section(name: str, title: Child, *content: Child) -> Html:
    """Return a section that its heading names. `name` is its id."""
    titled = f"{name}-title"
    return element("section", element("h2", title, id=titled), *content, id=name, aria_labelledby=titled)


def scrolled(label: str, table: Html) -> Html:
    """Return a table that scrolls sideways where it is wider than the page, by the keyboard too."""
    return element("div", table, class_="scroll", tabindex=0, role="region", aria_label=label)


def chip(python: str, outcome: Outcome, title: str) -> Html:
    """Return the outcome of a smoke test on a Python, as an item of a list. The title has its details."""
    mark = element("span", _MARKS[outcome], aria_hidden="true")
    hidden_text = element("span", f" {outcome.value}", class_="unseen")
    class_ = f"chip {outcome.value.replace(' ', '-')}"
    return element("li", python, " ", mark, hidden_text, class_=class_, title=title)
