"""HTML whose texts are escaped by construction: only what `element` made goes in as it is."""

from __future__ import annotations

import html
from dataclasses import dataclass

_WITHOUT_END = {"br", "input", "link", "meta"}


@dataclass(frozen=True)
class Html:
    """Text that is HTML already."""

    text: str


Child = object  # Html as it is; anything else as text; None for nothing.


def element(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element. In attributes' names `_` stands for `-`, and one at the end is left out (`class_`).

    An attribute that is True has no value; one that is None or False is left out.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _WITHOUT_END:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{join(*children).text}</{name}>")


def join(*children: Child) -> Html:
    """Children, one after the other."""
    return Html("".join(_child(child) for child in children if child is not None))


def raw_element(name: str, content: str) -> Html:
    """A `style` or `script`, whose content HTML takes as it is: a text of the plugin's own, never of a user.

    :raises ValueError: where it would end the element.
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
