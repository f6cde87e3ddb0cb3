"""HTML with texts that are always escaped: only the result of `element` is inserted unchanged."""

from __future__ import annotations

import html
from dataclasses import dataclass

_WITHOUT_END = {"br", "input", "link", "meta"}


@dataclass(frozen=True)
class Html:
    """Text that is already HTML."""

    text: str


Child = object  # Html is inserted unchanged, other values as text, None not at all.


def element(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Return an element. `_` in an attribute's name becomes `-`, and a trailing `_` is removed (`class_`).

    An attribute that is True has no value. The values None and False omit it.
    """
    written_attributes = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _WITHOUT_END:
        return Html(f"<{name}{written_attributes}>")
    return Html(f"<{name}{written_attributes}>{join(*children).text}</{name}>")


def join(*children: Child) -> Html:
    """Concatenate children."""
    return Html("".join(_child(child) for child in children if child is not None))


def raw_element(name: str, content: str) -> Html:
    """Return a `style` or `script` element with unescaped content, which must not come from a user.

    Raises:
        ValueError: If the content would end the element.
    """
    if "</" in content:
        raise ValueError(f"the content of <{name}> holds '</'")
    return Html(f"<{name}>{content}</{name}>")


def _child(child: Child) -> str:
    return child.text if isinstance(child, Html) else html.escape(str(child))


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
