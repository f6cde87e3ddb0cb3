"""The simple pages of the PyPI-like server: PEP 503, 658 and 714 in HTML, PEP 691, 700 and 792 in JSON."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from packaging.utils import canonicalize_version
from packaging.version import Version

from spokeshave.testing.pypi_rules_fixtures import Rules
from spokeshave.testing.pypi_store_fixtures import StoredFile

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
API_VERSION = "1.4"
_PUBLISHER = {"kind": "GitHub", "repository": "abacus/abacus", "workflow": "release.yml", "environment": ""}


def json_page(project: str, files: Sequence[StoredFile], rules: Rules, origin: str, serial: int) -> str:
    """Return the page of a project in JSON."""
    return json.dumps(
        {
            "meta": {"api-version": API_VERSION, "_last-serial": serial},
            "name": project,
            "project-status": {"status": status_of(project, rules)},
            "versions": sorted({file.version for file in files}, key=Version),
            "files": [_json_file(file, rules, origin) for file in _in_order(files)],
        }
    )


def html_page(project: str, files: Sequence[StoredFile], rules: Rules, origin: str, serial: int) -> str:
    """Return the page of a project in HTML."""
    links = [_link(file, rules, origin) for file in _in_order(files)]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n  <head>',
            f'    <meta name="pypi:repository-version" content="{API_VERSION}">',
            f'    <meta name="pypi:project-status" content="{status_of(project, rules)}">',
            f"    <title>Links for {project}</title>\n  </head>\n  <body>\n    <h1>Links for {project}</h1>",
            *links,
            f"  </body>\n</html>\n<!--SERIAL {serial}-->",
        ]
    )


def api_page(files: Sequence[StoredFile], rules: Rules, origin: str) -> str:
    """Return a project in the JSON API of PyPI, which is not that of any PEP."""
    releases: dict[str, list[dict[str, Any]]] = {}
    for file in _in_order(files):
        yanked = _yanked(file, rules)
        entry = {
            "filename": file.name,
            "url": f"{origin}/files/{file.path}",
            "digests": {"sha256": file.sha256},
            "size": file.size,
            "upload_time_iso_8601": file.upload_time(),
            "yanked": yanked is not False,
            "yanked_reason": yanked if isinstance(yanked, str) else None,
        }
        releases.setdefault(file.version, []).append(entry)
    return json.dumps({"releases": releases})


def json_root(projects: Sequence[str], serial: int) -> str:
    """Return the list of projects in JSON."""
    listed = [{"name": project, "_last-serial": serial} for project in projects]
    return json.dumps({"meta": {"api-version": API_VERSION, "_last-serial": serial}, "projects": listed})


def html_root(projects: Sequence[str]) -> str:
    """Return the list of projects in HTML."""
    links = "\n".join(f'<a href="/simple/{project}/">{project}</a>' for project in projects)
    return f"<!DOCTYPE html>\n<html><head><title>Simple index</title></head><body>\n{links}\n</body></html>"


def provenance(file: StoredFile) -> str:
    """Return the provenance object (PEP 740) of a file that has attestations."""
    bundle = {"publisher": _PUBLISHER, "attestations": file.attestations}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]})


def status_of(project: str, rules: Rules) -> str:
    """Return the status of a project (PEP 792)."""
    return rules.statuses.get(project, "active")


def _in_order(files: Sequence[StoredFile]) -> list[StoredFile]:
    return sorted(files, key=lambda file: (Version(file.version), file.name))


def _json_file(file: StoredFile, rules: Rules, origin: str) -> dict[str, Any]:
    metadata = {"sha256": file.metadata_sha256} if file.metadata_sha256 else False
    return {
        "filename": file.name,
        "url": f"{origin}/files/{file.path}",
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python,
        "size": file.size,
        "upload-time": file.upload_time(),
        "yanked": _yanked(file, rules),
        "data-dist-info-metadata": metadata,
        "core-metadata": metadata,
        "provenance": _provenance_url(file, origin) if file.attestations else None,
    }


def _link(file: StoredFile, rules: Rules, origin: str) -> str:
    yanked = _yanked(file, rules)
    attributes = {
        "href": f"{origin}/files/{file.path}#sha256={file.sha256}",
        "data-requires-python": file.requires_python,
        "data-yanked": ("" if yanked is True else yanked) if yanked is not False else None,
        "data-dist-info-metadata": f"sha256={file.metadata_sha256}" if file.metadata_sha256 else None,
        "data-core-metadata": f"sha256={file.metadata_sha256}" if file.metadata_sha256 else None,
        "data-provenance": _provenance_url(file, origin) if file.attestations else None,
    }
    written = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes.items() if value is not None)
    return f"    <a {written}>{file.name}</a><br />"


def _yanked(file: StoredFile, rules: Rules) -> bool | str:
    """Return the reason, or whether the release is yanked if no reason is given."""
    for release, reason in rules.yanked.items():
        project, _, version = release.partition(" ")
        if (project, canonicalize_version(version)) == (file.project, canonicalize_version(file.version)):
            return reason or True
    return False


def _provenance_url(file: StoredFile, origin: str) -> str:
    return f"{origin}/integrity/{file.project}/{file.version}/{file.name}/provenance"
