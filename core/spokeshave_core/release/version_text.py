"""The texts that contain the version: generated version modules, and templates of other files.

A version module has the same names with the same types in a wheel and in the source tree, so that code that imports
them is checked against either. A template is the text of a file such as a pkg-config file, a CMake version file or a
header. A placeholder in it is a name in capital letters between at signs, as in templates of autoconf and CMake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from spokeshave_core.problems import Problem

VERSION_KEY = "package-version"
"""The key of a package's version in `version.json`, in the form used by IREE."""
PLACEHOLDERS = (
    *("VERSION", "VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH"),
    *("VERSION_RELEASE", "VERSION_IDENTIFIER", "COMMIT", "VERSION_TUPLE"),
)
_PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")
_RELEASE = re.compile(r"(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)")
_PARTS = re.compile(
    r"((?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(\.[0-9]+)*)"
    r"(?P<pre>(a|b|rc)[0-9]+)?(?P<post>\.post[0-9]+)?(?P<dev>\.dev[0-9]+)?(?P<local>\+.+)?"
)
_KNOWN = ", ".join(f"@{name}@" for name in PLACEHOLDERS)
_MODULE = '''"""{summary}"""

from __future__ import annotations

__version__ = version = {version}
channel: str | None = {channel}
commit: str | None = {commit}
revisions: dict[str, str] = {revisions}
'''


def version_module_text(
    summary: str,
    version: str,
    channel: str | None = None,
    commit: str | None = None,
    revisions: Iterable[tuple[str, str]] = (),
) -> bytes:
    """Return a module's source. The same facts give the same bytes.

    Args:
        summary: The module's docstring.
        revisions: The revisions of what the release is pinned to, with their names.
    """
    lines = [f"    {_literal(name)}: {_literal(revision)},\n" for name, revision in sorted(revisions)]
    return _MODULE.format(
        summary=summary,
        version=_literal(version),
        channel=_literal(channel),
        commit=_literal(commit),
        revisions="".join(["{\n", *lines, "}"]) if lines else "{}",
    ).encode()


def template_problems(template: str, place: str) -> Iterator[Problem]:
    """Yield the problems of a template: unknown placeholders, or no placeholder at all."""
    found = list(_PLACEHOLDER.finditer(template))
    for match in found:
        if match[1] not in PLACEHOLDERS:
            line = template.count("\n", 0, match.start()) + 1
            yield Problem(f"{place}, line {line}", f"has the unknown placeholder {match[0]}", f"Known are {_KNOWN}.")
    if not found:
        yield Problem(place, "is a template without a placeholder", f"Use one of {_KNOWN}, or list it as a plain file.")


def render_template(template: str, version: str, commit: str | None) -> bytes:
    """Return a template's text for a version in PEP 440's normal form.

    Missing parts of the version are 0, and @COMMIT@ is empty if the commit is not known. @VERSION_RELEASE@ has all
    numbers, such as `3.12.0` or `1.2.3.4`. @VERSION_IDENTIFIER@ can be a part of a name in C, such as `3_12_0rc1`.
    @VERSION_TUPLE@ is a tuple of Python.
    """
    match = _RELEASE.match(version)
    numbers = match[1].split(".") if match else []
    major, minor, patch = [*numbers, "0", "0", "0"][:3]
    release = ".".join(numbers)
    last = (release, _identifier(version), commit or "", version_tuple(version))
    texts = dict(zip(PLACEHOLDERS, (version, major, minor, patch, *last)))
    return _PLACEHOLDER.sub(lambda found: texts[found[1]], template).encode("utf-8")


def version_tuple(version: str) -> str:
    """Return a version in PEP 440's normal form as setuptools_scm writes it into Python: `(3, 12, 0, 'rc1')`."""
    match = _PARTS.fullmatch(version)
    if match is None:
        return repr((version,))
    numbers = [int(number) for number in match["release"].split(".")]
    epoch = [int(match["epoch"])] if match["epoch"] else []
    named = [part.lstrip(".+") for part in (match["pre"], match["post"], match["dev"], match["local"]) if part]
    return repr((*epoch, *numbers, *named))


def _identifier(version: str) -> str:
    """Return a version as a part of an identifier. Different versions have different ones."""
    named = version.replace("!", "_epoch_").replace("+", "_local_")
    return re.sub(r"[^0-9A-Za-z_]", "_", named)


def _literal(text: str | None) -> str:
    # JSON's form of ASCII text is Python's too, with the quotes that formatters write.
    return "None" if text is None else json.dumps(text)
