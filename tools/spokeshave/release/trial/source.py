"""Where `release try` installs from: one index or folder, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.index.folder import SIMPLE
from spokeshave.upload.endpoint import check_url, find_endpoint, without_userinfo
from spokeshave.upload.simple_index import simple_index_of
from spokeshave_core.problems import Problem, SpokeshaveError

FORMS = "`@NAME` (pypi, testpypi, or a repository of ~/.pypirc), the URL of a simple index, folder:PATH, or index:PATH"


class SourceError(SpokeshaveError):
    """Something that pip cannot install from."""


@dataclass(frozen=True)
class Source:
    """An index or a folder. `pip_options` let pip take packages from there alone."""

    label: str
    pip_options: tuple[str, ...]

    @classmethod
    def of(cls, text: str, check_url_of_name: str | None, environment: Mapping[str, str] = os.environ) -> Source:
        """Return the source of a text.

        Args:
            check_url_of_name: The simple index of a name, if it is not derived from its upload URL.

        Raises:
            SourceError: If the text names none.
            InvalidEndpointError: If the URL or ~/.pypirc is not valid.
        """
        kind, colon, path = text.partition(":")
        if kind == "folder" and path:
            return cls._folder(Path(path))
        if kind == "index" and path:
            return cls._static_index(Path(path))
        if text.startswith("@") and len(text) > 1:
            endpoint = find_endpoint(text[1:], None, environment, needs_credentials=False)
            return cls._index(check_url_of_name or simple_index_of(endpoint.url))
        if kind in ("http", "https") and colon:
            check_url(text, "--from")
            return cls._index(text)
        raise SourceError(Problem("--from", f"{text!r} is not a source of packages", f"Give {FORMS}."))

    @classmethod
    def _index(cls, url: str) -> Source:
        return cls(without_userinfo(url), ("--index-url", url))

    @classmethod
    def _folder(cls, path: Path) -> Source:
        if not path.is_dir():
            raise SourceError(Problem(str(path), "is not a folder", f"Give {FORMS}."))
        return cls(f"folder:{path}", ("--no-index", "--find-links", str(path.resolve())))

    @classmethod
    def _static_index(cls, path: Path) -> Source:
        if not (path / SIMPLE).is_dir():
            raise SourceError(Problem(str(path), "is not a release index", f"Give {FORMS}."))
        return cls(f"index:{path}", ("--index-url", (path.absolute() / SIMPLE).as_uri()))
