"""The placeholder of the version in the files of a wheel, and the templates by which the stamp replaces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.parser import BytesHeaderParser

from spokeshave.native.file import is_native
from spokeshave.wheel.recipe import RECIPE
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.version_text import render_template, template_problems, version_tuple
from spokeshave_core.wheel_name import UNSTAMPED

PLAIN = "plain"
SETUPTOOLS_SCM = "setuptools_scm"
WRITERS = (PLAIN, SETUPTOOLS_SCM)

# All forms of the placeholder contain it: the text, the tuple of setuptools_scm, and a part of a name in C.
_TRACE = UNSTAMPED.partition("+")[2].encode()
_FORMS = {
    PLAIN: ((UNSTAMPED, "@VERSION@"),),
    SETUPTOOLS_SCM: ((version_tuple(UNSTAMPED), "@VERSION_TUPLE@"), (UNSTAMPED, "@VERSION@")),
}


class VersionTraceError(SpokeshaveError):
    """Files that contain the version in a way that the stamp cannot change."""


def version_templates(tree: WheelTree, writers: Mapping[str, str]) -> dict[str, str]:
    """Return the template of each version file of a wheel that was built with the placeholder.

    Args:
        writers: For each version file, how it contains the version.

    Raises:
        VersionTraceError: For all files that contain the placeholder in another way, and for version files without it.
    """
    problems = Problems()
    templates: dict[str, str] = {}
    for path, writer in sorted(writers.items()):
        with problems.collecting():
            templates[path] = _template(tree, path, writer)
    for path in tree.files:
        if path not in writers:
            problems.extend(VersionTraceError(*_traces(tree, path)))
    problems.raise_if_any(VersionTraceError)
    return templates


def _template(tree: WheelTree, path: str, writer: str) -> str:
    if path not in tree.files:
        same = [file for file in tree.files if file.rpartition("/")[2] == path.rpartition("/")[2]]
        hint = f"The wheel has {', '.join(same)}." if same else "Remove it, or correct its path in the wheel."
        raise VersionTraceError(Problem(path, "is listed in `version_files`, but is not in the wheel", hint))
    content = tree.read(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        remedy = "Only text files can be version files."
        raise VersionTraceError(Problem(path, f"is not UTF-8 ({error})", remedy)) from error
    for form, placeholder in _FORMS[writer]:
        text = text.replace(form, placeholder)
    if _TRACE.decode() in text:
        line = text.count("\n", 0, text.index(_TRACE.decode())) + 1
        raise VersionTraceError(
            Problem(f"{path}, line {line}", f"contains the version in a way that {writer!r} does not know", _baked())
        )
    found = list(template_problems(text, path))
    if found or render_template(text, UNSTAMPED, None) != content:
        remedy = 'Remove it from `version_files` if it does not contain the version, or set version="baked".'
        reason = "does not contain the version that the build was given" if found else "contains text between at signs"
        raise VersionTraceError(Problem(path, reason, remedy))
    return text


def _traces(tree: WheelTree, path: str) -> Iterator[Problem]:
    """Yield the problem of a file that contains the placeholder, although the stamp does not write it."""
    name = path.removeprefix(f"{tree.dist_info}/")
    if name in ("RECORD", RECIPE) or path.startswith(f"{tree.dist_info}/sboms/"):
        return
    content = tree.read(path)
    if path == f"{tree.dist_info}/METADATA":
        content = _without_version(content)
    if _TRACE not in content:
        return
    if is_native(tree.root / path) or b"\0" in content:
        yield Problem(path, f"contains the version {UNSTAMPED} of the build in compiled code", _baked())
        return
    writer = SETUPTOOLS_SCM if version_tuple(UNSTAMPED).encode() in content else PLAIN
    line = content.count(b"\n", 0, content.index(_TRACE)) + 1
    remedy = f'Add "{path}": "{writer}" to `version_files`, so that the stamp writes it, or set version="baked".'
    if path.startswith(f"{tree.dist_info}/"):
        remedy = 'Set version="baked": the stamp writes the field Version of the metadata alone.'
    yield Problem(f"{path}, line {line}", f"contains the version {UNSTAMPED} of the build", remedy)


def _without_version(metadata: bytes) -> bytes:
    version = str(BytesHeaderParser().parsebytes(metadata).get("Version", ""))
    return metadata.replace(f"Version: {version}".encode(), b"", 1)


def _baked() -> str:
    return 'Set version="baked", which builds the wheel with its version, or do not compile the version in.'
