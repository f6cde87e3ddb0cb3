"""The text of a version module in the source tree."""

from __future__ import annotations

from spokeshave_core.release.version_text import version_module_text as text_of_facts

# Only a stamped wheel has the channel, the commit and the revisions: the source tree must not change with each commit.
_SUMMARY = "The version of this distribution in the source tree. A wheel has the one that it is stamped with."


def version_module_text(version: str) -> bytes:
    """Return the module's source for a version."""
    return text_of_facts(_SUMMARY, version)
