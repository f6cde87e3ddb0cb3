"""The software bill of materials that `repair` writes into a wheel (PEP 770): a CycloneDX 1.6 document.

The document has no serial number and no time, so that equal wheels have equal documents. It is written here and not by
cyclonedx-python-lib, whose import would add half to the time that the repair needs to start, and whose output changes
with its releases; the tests validate it with that library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from urllib.parse import quote, unquote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from spokeshave import __version__
from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.location import Location
from spokeshave_core.components import Component, package_url
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.repair import GraftedLibrary
from spokeshave_core.wheel_name import WheelName

SBOM = "sboms/spokeshave.cdx.json"
"""The path of the document in dist-info."""

Entry = Mapping[str, object]


def render_sbom(
    wheel: WheelName,
    components: Iterable[Component],
    grafted: Iterable[GraftedLibrary],
    former: bytes | None = None,
    origins: Mapping[str, Component] = MappingProxyType({}),
) -> bytes:
    """Return the document of a wheel.

    Args:
        wheel: The name of the repaired wheel.
        former: The document that an earlier repair wrote into the wheel. Its components are kept.
        origins: The distributions that grafted libraries are from, by the names of the libraries.

    Raises:
        InvalidWheelError: If the former document is not one, or a component is the wheel itself.
    """
    components = tuple(components)
    _check_components(wheel, components)
    entries = {
        **(_former_entries(former, f"{wheel}: {SBOM}") if former is not None else {}),
        **{_reference(component): _component_entry(component) for component in components},
        **dict(_grafted_entries(grafted, origins)),
    }
    subject = _subject(wheel)
    references = sorted(entries)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "spokeshave", "version": __version__}]},
            "component": subject,
        },
        "components": [entries[reference] for reference in references],
        "dependencies": [
            {"ref": subject["bom-ref"], "dependsOn": references},
            *({"ref": reference} for reference in references),
        ],
    }
    # The stamp writes a document in the same form, so that stamping back gives the same bytes.
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _check_components(wheel: WheelName, components: Iterable[Component]) -> None:
    """Check that no component would be taken for the wheel, now or by a stamp with the component's version.

    Raises:
        InvalidWheelError: For all that would be.
    """
    name = canonicalize_name(wheel.name)
    problems = Problems()
    for component in components:
        is_wheel = re.match("pkg:pypi/([^@/?#]+)", component.purl or "")
        if is_wheel and canonicalize_name(unquote(is_wheel[1])) == name:
            message = f"has the component {component.name} with a package URL of the wheel itself, {component.purl}"
            problems.add(str(wheel), message, "List only the software of others.")
        elif not component.purl and canonicalize_name(component.name) == name:
            message = f"has the component {component.name}, which has the wheel's name and no package URL"
            problems.add(str(wheel), message, f'Give it a "purl", such as "pkg:generic/{component.name}@1.2.3".')
    problems.raise_if_any(InvalidWheelError)


def _subject(wheel: WheelName) -> Entry:
    name = canonicalize_name(wheel.name)
    url = package_url(name, wheel.version)
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": wheel.version,
        "purl": f"{url}?file_name={quote(str(wheel), safe='')}",
    }


def _reference(component: Component) -> str:
    return component.purl or "@".join(filter(None, (component.name, component.version)))


def _component_entry(component: Component) -> Entry:
    licenses = [_license(component.license)] if component.license else None
    entry = {
        "type": "library",
        "bom-ref": _reference(component),
        "name": component.name,
        "version": component.version,
        "description": component.description,
        "licenses": licenses,
        "purl": component.purl,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _license(text: str) -> Entry:
    """Return the entry of a license. A text that is not an SPDX expression becomes its name."""
    try:
        return {"expression": canonicalize_license_expression(text)}
    except InvalidLicenseExpression:
        return {"license": {"name": text}}


def _grafted_entries(
    grafted: Iterable[GraftedLibrary], origins: Mapping[str, Component]
) -> Iterator[tuple[str, Entry]]:
    """Yield an entry for each grafted library, by its reference; Windows' copies of one library are one entry."""
    paths: dict[str, set[str]] = {}
    for library in grafted:
        paths.setdefault(library.name, set()).add(_installed_path(library.path))
    for name, found in paths.items():
        reference = f"grafted:{name}"
        occurrences = [{"location": path} for path in sorted(found)]
        origin = _component_entry(origins[name]) if name in origins else {"type": "library"}
        yield (
            reference,
            {**origin, "bom-ref": reference, "name": name, "evidence": {"occurrences": occurrences}},
        )


def _installed_path(path: str) -> str:
    """Return where a file of the wheel is installed. Unlike its path in a `.data` folder, it has no version."""
    location = Location.of(path)
    return location.path if location else path


def _former_entries(data: bytes, place: str) -> dict[str, Entry]:
    """Return the components of an earlier document by their references."""
    try:
        document = parse_any(data)
        # A lone surrogate (`\ud800`) is valid in JSON and not in UTF-8.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
        return {f"{component['bom-ref']}": component for component in document["components"]}
    except (ValueError, RecursionError, LookupError, TypeError) as err:
        problem = Problem(place, "is not a document that `spokeshave repair` wrote", "Build the wheel again.")
        raise InvalidWheelError(problem) from err
