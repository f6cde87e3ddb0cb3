"""The pages of an index made again from its records, and their comparison with what is there."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.index.folder import (
    FIND_LINKS,
    JSON_PAGE,
    JSON_PAGES,
    METADATA,
    PAGE,
    PROVENANCE,
    SIMPLE,
    URL,
    ReleaseIndex,
)
from spokeshave.release.index.writer.generation import GenerationDraft, SetParts
from spokeshave.release.record import MANIFEST
from spokeshave.release.verification import listing
from spokeshave.release.verification.findings import LEFTOVER, REBUILD, UNFINISHED, Findings
from spokeshave.release.verification.listing import InvalidPageError, ListedFile
from spokeshave.release.verification.sets import VerifiedSet
from spokeshave_core.release.record import ReleaseFile
from spokeshave_core.release.verification import IndexFault

Differences = Callable[[bytes, str, Sequence[ListedFile]], Iterator[str]]


@dataclass(frozen=True)
class _Copy(ReleaseIndex):
    """An index to render pages into: it has the records, but the files of another index."""

    source: ReleaseIndex

    def file_path(self, sha256: str, name: str) -> Path:
        """Return the place of a file in the other index."""
        return self.source.file_path(sha256, name)


def compare_pages(
    index: ReleaseIndex, generation: Path, sets: Sequence[VerifiedSet], scratch: Path, findings: Findings
) -> None:
    """Make all pages again, and compare them byte by byte. Of project pages, the findings say what is listed wrongly.

    Args:
        scratch: An empty folder.
    """
    rendered = _Copy(scratch, index)
    url = _url(generation)
    for each in sets:
        _copy_record(index, rendered, each)
    draft = GenerationDraft(
        index=rendered,
        folder=scratch / "generation",
        previous=None,
        before=(),
        sets=SetParts.all_of(rendered, [each.listed for each in sets], url),
        url=url,
    )
    draft.write()
    listings = set(compare_listings(index, generation, sets, findings))
    for path in _differing(draft.folder, generation):
        if path not in listings:
            _add_difference(draft.folder / path, generation / path, REBUILD, findings)
    for parts in draft.sets:
        _compare_set(index, parts, findings)


def compare_listings(
    index: ReleaseIndex, generation: Path, sets: Sequence[VerifiedSet], findings: Findings
) -> Iterator[Path]:
    """Compare what pages list with the records, and yield the paths of pages with findings, below the generation."""
    projects: dict[str, list[ListedFile]] = defaultdict(list)
    everything: list[ListedFile] = []
    for each in sets:
        for project, file in _listed(index, each):
            projects[project].append(file)
            everything.append(file)
    pages: list[tuple[Path, Sequence[ListedFile], Differences]] = [
        (Path(FIND_LINKS), everything, listing.find_links_differences)
    ]
    for project in sorted(projects):
        pages.append((Path(SIMPLE, project, PAGE), projects[project], listing.html_differences))
        pages.append((Path(JSON_PAGES, project, JSON_PAGE), projects[project], listing.json_differences))
    for path, expected, compare in pages:
        # Paths of pages are seen from the folder that a web server serves.
        for text in _texts(generation / path, path.as_posix(), expected, compare):
            findings.add(IndexFault.PAGE, generation / path, text, REBUILD)
            yield path


def _listed(index: ReleaseIndex, each: VerifiedSet) -> Iterator[tuple[str, ListedFile]]:
    """Yield the files that pages should list of a set, with their projects."""
    for file in each.files:
        path = index.file_path(file.sha256, file.name)
        provenance = path.with_name(f"{file.name}{PROVENANCE}")
        yield (
            file.project,
            ListedFile(
                name=file.name,
                path=path.relative_to(index.folder).as_posix(),
                sha256=file.sha256,
                requires_python=file.requires_python,
                yanked=each.listed.yanked,
                metadata_sha256=_metadata_sha256(path, file),
                provenance=provenance.relative_to(index.folder).as_posix() if provenance.is_file() else None,
                size=file.size,
                upload_time=each.listed.added,
            ),
        )


def _metadata_sha256(path: Path, file: ReleaseFile) -> str | None:
    """Return the hash of a wheel's metadata: that of the record, or else of the file."""
    if not file.is_wheel or file.metadata_sha256:
        return file.metadata_sha256 if file.is_wheel else None
    metadata = path.with_name(f"{file.name}{METADATA}")
    return sha256_of_file(metadata)[0] if metadata.is_file() else None


def _texts(path: Path, page: str, expected: Sequence[ListedFile], compare: Differences) -> Iterator[str]:
    try:
        yield from compare(path.read_bytes(), page, expected)
    except OSError as err:
        yield f"cannot be read ({err.strerror})"
    except InvalidPageError as err:
        yield str(err)


def _copy_record(index: ReleaseIndex, rendered: ReleaseIndex, each: VerifiedSet) -> None:
    """Copy what pages of a set are made of."""
    source = index.record_path(each.listed.name, each.listed.version)
    target = rendered.record_path(each.listed.name, each.listed.version)
    target.mkdir(parents=True)
    shutil.copyfile(source / MANIFEST, target / MANIFEST)


def _url(generation: Path) -> str:
    """Return the address that the pages of a generation have. Empty if they have none."""
    try:
        return (generation / URL).read_text("utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _compare_set(index: ReleaseIndex, parts: SetParts, findings: Findings) -> None:
    """Compare a set's page for people, and its parts of other pages."""
    made = parts.folder.parent.parent
    found = index.record_path(parts.listed.name, parts.listed.version)
    fragments = found / parts.folder.relative_to(made)
    others = [name for name in _names(fragments.parent) if name != fragments.name]
    if not _is_equal(made / PAGE, found / PAGE):
        if others:
            # The page is written after the fragments, and before the old ones are removed.
            findings.note(UNFINISHED, found / PAGE)
        else:
            _add_difference(made / PAGE, found / PAGE, REBUILD, findings)
    for path in _differing(parts.folder, fragments):
        _add_difference(parts.folder / path, fragments / path, REBUILD, findings)
    for name in others:
        findings.note(LEFTOVER, fragments.with_name(name))


def _names(folder: Path) -> list[str]:
    """Return the names in a folder, which may not exist."""
    try:
        return os.listdir(folder)  # noqa: PTH208 (faster, for each set)
    except OSError:
        return []


def _add_difference(made: Path, found: Path, remedy: str, findings: Findings) -> None:
    """Add what is wrong with a page or a part of one."""
    if not made.exists():
        findings.add(IndexFault.FOREIGN, found, "is not a page of this generation", remedy)
    elif not found.is_file():
        findings.add(IndexFault.MISSING, found, "does not exist", remedy)
    else:
        findings.add(IndexFault.PAGE, found, f"is not what the sets make: {_first_difference(made, found)}", remedy)


def _first_difference(made: Path, found: Path) -> str:
    """Return the number of the first line that differs."""
    with made.open("rb") as left, found.open("rb") as right:
        for number, lines in enumerate(iter(lambda: (left.readline(), right.readline()), (b"", b"")), 1):
            if lines[0] != lines[1]:
                return f"line {number} differs"
    return "its mode or kind differs"


def _differing(made: Path, found: Path) -> Iterator[Path]:
    """Yield the paths below two folders that only one of them has, or that differ."""
    paths = {path for folder in (made, found) for path in _paths(folder)}
    yield from (path for path in sorted(paths) if not _is_equal(made / path, found / path))


def _paths(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (Path(root, name).relative_to(folder) for name in (*names, *links))


def _is_equal(made: Path, found: Path) -> bool:
    return made.is_file() and found.is_file() and filecmp.cmp(made, found, shallow=False)
