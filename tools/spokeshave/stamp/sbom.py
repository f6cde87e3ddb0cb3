"""The software bills of materials in a wheel (PEP 770), as far as they describe the wheel itself.

The repair, a build backend or auditwheel writes a CycloneDX document whose subject is the wheel: its version, its
package URL and, in the URL, its file name. The stamp changes existing documents and adds none. Only references to this
distribution change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.name import is_version, parse_wheel_name
from spokeshave_core.json_values import InvalidJsonError, parse_any
from spokeshave_core.problems import Problem

PACKAGE_URL = re.compile(r"pkg:pypi/(?P<name>[^@/?#]+)@(?P<version>[^?#]+)(?P<rest>.*)", re.DOTALL)
PACKAGE_NAME = re.compile(r"pkg:pypi/([^@/?#]+)(?:[@?#].*)?", re.DOTALL)
FILE_NAME = re.compile(r"(?<=[?&]file_name=)[^&#]*")


@dataclass(frozen=True)
class Restamp:
    """A change of version: the distribution, its old and its new version."""

    name: str
    old: str
    new: str

    def is_self(self, name: object, version: object) -> bool:
        """Return whether a name and a version are this distribution's old ones, in any spelling.

        METADATA of another backend may write `1.0-rc1`, which is `1.0rc1` in file names and documents.
        """
        if not isinstance(name, str) or not isinstance(version, str) or not is_version(version):
            return False
        return canonicalize_name(name) == canonicalize_name(self.name) and Version(version) == Version(self.old)

    def is_described_by(self, value: Mapping[str, object]) -> bool:
        """Return whether a JSON object describes this distribution with its old version.

        A library in the wheel may have the wheel's name and version, such as zstd in a binding of this name. Its
        package URL is another one.
        """
        url = value.get("purl")
        match = PACKAGE_NAME.fullmatch(url) if isinstance(url, str) else None
        if url is not None and not (match and canonicalize_name(unquote(match[1])) == canonicalize_name(self.name)):
            return False
        return self.is_self(value.get("name"), value.get("version"))


def restamp_sbom(data: bytes, change: Restamp, place: str) -> bytes | None:
    """Return a JSON document with this distribution's version changed everywhere.

    None if it does not refer to the distribution. Otherwise the text has one form, also if the version stays.

    Raises:
        InvalidWheelError: If it is not JSON, or has a lone surrogate, which UTF-8 cannot contain.
    """
    try:
        document: object = parse_any(data)
        marked = restamp_value(document, replace(change, new=f"{change.old}.marked"))
        if marked == document:
            return None
        changed = restamp_value(document, change)
        return (json.dumps(changed, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
    except UnicodeEncodeError as err:
        problem = Problem(place, f"has a text that is not Unicode ({err})", "Repair the wheel again.")
        raise InvalidWheelError(problem) from err
    except InvalidJsonError as err:
        raise InvalidWheelError(Problem(place, str(err).removeprefix("it "), "Repair the wheel again.")) from err
    except RecursionError as err:
        raise InvalidWheelError(Problem(place, "is nested too deeply", "Repair the wheel again.")) from err


def restamp_value(value: object, change: Restamp) -> object:
    """Return any JSON value with this distribution's version, package URL and file name changed."""
    if isinstance(value, str):
        return restamp_text(value, change)
    if isinstance(value, list):
        return [restamp_value(item, change) for item in value]
    if isinstance(value, Mapping):
        is_self = change.is_described_by(value)
        return {
            key: change.new if is_self and key == "version" else restamp_value(item, change)
            for key, item in value.items()
        }
    return value


def restamp_text(text: str, change: Restamp) -> str:
    """Return a changed file name or package URL of this distribution. Any other text is returned unchanged."""
    match = PACKAGE_URL.fullmatch(text)
    if not match:
        return restamp_file_name(text, change) or text
    if not change.is_self(unquote(match["name"]), unquote(match["version"])):
        return text
    rest = FILE_NAME.sub(lambda found: restamp_quoted(found[0], change), match["rest"])
    return f"pkg:pypi/{match['name']}@{quote(change.new, safe='')}{rest}"


def restamp_quoted(value: str, change: Restamp) -> str:
    """Return the file name in a package URL, changed if it is this distribution's."""
    changed = restamp_file_name(unquote(value), change)
    return quote(changed, safe="") if changed else value


def restamp_file_name(text: str, change: Restamp) -> str | None:
    """Return the new name of a wheel of this distribution with any tag. None for any other text.

    Repair records the name of the unrepaired wheel, with its former tag.
    """
    try:
        name = parse_wheel_name(text)
    except InvalidWheelError:
        return None
    return str(replace(name, version=change.new)) if change.is_self(name.name, name.version) else None
