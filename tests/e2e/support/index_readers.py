"""Reads a simple index with two libraries, in both forms each, and prints the files of a project as JSON.

It runs in the environment of `3rdparty/python/index-clients.txt`, and is not imported. Arguments: the URL of the index,
and the project.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx
from pypi_simple import ACCEPT_HTML_ONLY, ACCEPT_JSON_ONLY, PyPISimple
from simple_repository.components.http import HttpRepository

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html, text/html;q=0.1"


def pypi_simple(url: str, project: str, accept: str) -> dict[str, Any]:
    """Return what pypi-simple reads."""
    with PyPISimple(url, accept=accept) as client:
        projects = client.get_index_page().projects
        page = client.get_project_page(project)
    files = {
        file.filename: {
            "url": file.url.partition("#")[0],
            "sha256": file.digests["sha256"],
            "requires_python": file.requires_python,
            "yanked": (file.yanked_reason or "") if file.is_yanked else None,
            "metadata_sha256": (file.metadata_digests or {}).get("sha256"),
            "provenance": file.provenance_url,
        }
        for file in page.packages
    }
    only_json = [
        {"size": file.size, "uploaded": file.upload_time.isoformat() if file.upload_time else None}
        for file in page.packages
    ]
    facts = {"versions": page.versions, "status": page.status.value if page.status else None, "files": only_json}
    return {"projects": projects, "files": files, "only_json": facts}


async def simple_repository(url: str, project: str, accept: str) -> dict[str, Any]:
    """Return what simple-repository reads."""
    async with httpx.AsyncClient(follow_redirects=True) as client:
        repository = HttpRepository(url, http_client=client)
        repository.downstream_content_types = accept
        listed = await repository.get_project_list()
        page = await repository.get_project_page(project)
    files = {
        file.filename: {
            "url": file.url.partition("#")[0],
            "sha256": file.hashes["sha256"],
            "requires_python": file.requires_python,
            "yanked": (file.yanked if isinstance(file.yanked, str) else "") if file.yanked else None,
            "metadata_sha256": file.dist_info_metadata["sha256"] if isinstance(file.dist_info_metadata, dict) else None,
        }
        for file in page.files
    }
    return {"projects": sorted(each.name for each in listed.projects), "files": files}


def main(url: str, project: str) -> None:
    """Print what each of them reads of each form."""
    found = {
        "pypi-simple, JSON": pypi_simple(url, project, ACCEPT_JSON_ONLY),
        "pypi-simple, HTML": pypi_simple(url, project, ACCEPT_HTML_ONLY),
        "simple-repository, JSON": asyncio.run(simple_repository(url, project, JSON)),
        "simple-repository, HTML": asyncio.run(simple_repository(url, project, HTML)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
