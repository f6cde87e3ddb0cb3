"""The form in which a simple page is served: by the request's `Accept`, or by `?format=` (PEP 691)."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

_ANYTHING = "*/*"


class SimpleForm(enum.Enum):
    """A form of the simple pages, by its media type, in the order in which the server prefers them."""

    JSON = "application/vnd.pypi.simple.v1+json"
    HTML = "application/vnd.pypi.simple.v1+html"
    LEGACY_HTML = "text/html"

    @property
    def is_json(self) -> bool:
        """Return whether it is JSON."""
        return self is SimpleForm.JSON


_NEWEST = {
    "application/vnd.pypi.simple.latest+json": SimpleForm.JSON.value,
    "application/vnd.pypi.simple.latest+html": SimpleForm.HTML.value,
}


@dataclass(frozen=True)
class _Range:
    """A media range of `Accept`, such as `text/*;q=0.5`."""

    media_type: str
    quality: float

    @property
    def precision(self) -> int:
        """Return 2 for a media type, 1 for all of one kind, and 0 for all."""
        return 2 - self.media_type.count("*")

    def covers(self, form: SimpleForm) -> bool:
        """Return whether a form is in the range."""
        kind, _, name = self.media_type.partition("/")
        form_kind, _, form_name = form.value.partition("/")
        return kind in ("*", form_kind) and name in ("*", form_name)


def negotiated_form(accept: str | None) -> SimpleForm | None:
    """Return the form that a client prefers, or None if it accepts none of them.

    A client that accepts anything gets HTML, as PEP 691 recommends. Of equal ones, a form that the client names is
    preferred to one that a wildcard covers, and JSON to HTML.

    Args:
        accept: The header. None, or an empty one, accepts anything.
    """
    ranges = list(_ranges(accept or "")) or [_Range(_ANYTHING, 1.0)]
    rated = [(_rate(form, ranges), form) for form in SimpleForm]
    rate, form = max(rated, key=lambda pair: pair[0])
    return form if rate[0] > 0 else None


def form_of(media_type: str) -> SimpleForm | None:
    """Return the form that `?format=` names, or None if there is no such form."""
    # In a query, a `+` that is not escaped is a space.
    name = media_type.strip().replace(" ", "+").lower()
    try:
        return SimpleForm(_NEWEST.get(name, name))
    except ValueError:
        return None


def _rate(form: SimpleForm, ranges: list[_Range]) -> tuple[float, int, int]:
    """Return the rank of a form: quality and precision of the most precise range, and the server's preference."""
    covering = [each for each in ranges if each.covers(form)]
    if not covering:
        return 0.0, 0, 0
    best = max(covering, key=lambda each: (each.precision, each.quality))
    preferred = SimpleForm.JSON if best.precision else SimpleForm.LEGACY_HTML
    return best.quality, best.precision, 1 if form is preferred else 0


def _ranges(accept: str) -> Iterator[_Range]:
    """Yield the media ranges of a header. A malformed one is left out."""
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = _quality(parameters)
        kind, slash, subtype = name.partition("/")
        if quality is not None and slash and kind and subtype and (kind != "*" or subtype == "*"):
            yield _Range(_NEWEST.get(name, name), quality)


def _quality(parameters: list[str]) -> float | None:
    """Return the value of `q`, which is 1 by default, or None if it is malformed."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0
