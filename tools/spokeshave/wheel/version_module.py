"""The generated module by which a package knows its version."""

from __future__ import annotations

import re

from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.release.version_text import version_module_text

PATH = re.compile(r"[^\W\d]\w*(/[^\W\d]\w*)*\.py")

_SUMMARY = "The version of this distribution, written by spokeshave's stamp."


def render_version_module(facts: VersionFacts) -> bytes:
    """Return the module's source."""
    return version_module_text(
        _SUMMARY, facts.version, channel=facts.channel, commit=facts.commit, revisions=facts.revisions
    )
