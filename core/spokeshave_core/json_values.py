"""Conversion between frozen dataclasses and JSON, by the types of their fields.

A key has the name of its field. Supported types: str, int, float, bool, Optional, Enum (by value), `tuple[X, ...]`,
`dict[str, X]` and dataclasses of these. Unknown keys are ignored, so that a report may grow.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import typing
from collections.abc import Mapping, Sequence
from typing import TypeVar, Union

Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]
T = TypeVar("T")

_SCALARS: Mapping[object, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}


class InvalidJsonError(ValueError):
    """JSON that is not a value of the type; the message names the position and what is wrong there."""


def to_value(value: object) -> Json:
    """A value as JSON. Floats are rounded to three decimals: all of them are seconds."""
    if isinstance(value, enum.Enum):
        return to_value(value.value)
    if isinstance(value, float):
        return round(value, 3)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_value(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_value(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: to_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def to_text(value: Json) -> str:
    """JSON text with sorted keys, so that equal values are equal bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def parse_text(text: str | bytes) -> Json:
    """JSON text as a value.

    Raises:
        InvalidJsonError: The text is not JSON.
    """
    return typing.cast(Json, parse_any(text))


def parse_any(text: str | bytes) -> typing.Any:
    """JSON text as a value, for a caller that checks the types itself.

    Python's parser has other errors for texts that are nested deeply.

    Raises:
        InvalidJsonError: The text is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as err:
        raise InvalidJsonError(f"it is not JSON ({err})") from err
    except RecursionError as err:
        raise InvalidJsonError("it is nested too deeply") from err


def from_value(kind: type[T], value: Json, position: str = "") -> T:
    """A value of a type from JSON.

    Args:
        kind: A type that `to_value` supports.
        position: Where the value is in its document, such as `runs[0].python`.

    Raises:
        InvalidJsonError: A key is missing, or a value has another type.
    """
    return typing.cast(T, _decode(kind, value, position))


def _decode(kind: typing.Any, value: Json, position: str) -> object:
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is Union:
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return None if value is None else _decode(inner, value, position)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong_type(position, "a list", value)
        return tuple(_decode(arguments[0], item, f"{position}[{index}]") for index, item in enumerate(value))
    if origin is dict:
        return {key: _decode(arguments[1], item, f"{position}.{key}") for key, item in _object(value, position).items()}
    if kind in _SCALARS:
        return _scalar(kind, value, position)
    if issubclass(kind, enum.Enum):
        return _member(kind, value, position)
    return _dataclass(kind, _object(value, position), position)


def _scalar(kind: object, value: Json, position: str) -> object:
    types, description = _SCALARS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
        raise _wrong_type(position, description, value)
    return float(value) if kind is float and isinstance(value, int) else value


def _member(kind: type[enum.Enum], value: Json, position: str) -> enum.Enum:
    try:
        return kind(value)
    except ValueError:
        raise _wrong_type(position, " or ".join(repr(member.value) for member in kind), value) from None


def _object(value: Json, position: str) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise _wrong_type(position, "an object", value)
    return value


def _dataclass(kind: type, value: Mapping[str, Json], position: str) -> object:
    types = _field_types(kind)
    required = [field.name for field in dataclasses.fields(kind) if _is_required(field)]
    missing = [name for name in required if name not in value]
    if missing:
        raise InvalidJsonError(f"{position or 'it'} has no {', '.join(map(repr, missing))}")
    below = f"{position}." if position else ""
    found = {name: _decode(types[name], value[name], f"{below}{name}") for name in types if name in value}
    return kind(**found)


def _is_required(field: dataclasses.Field[object]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@functools.cache
def _field_types(kind: type) -> Mapping[str, object]:
    return typing.get_type_hints(kind)


def _wrong_type(position: str, wanted: str, value: Json) -> InvalidJsonError:
    shown = json.dumps(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
    return InvalidJsonError(f"{position or 'it'} is {shown} and not {wanted}")
