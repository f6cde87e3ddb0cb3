"""The generated module by which a package knows its version."""

from __future__ import annotations

import re

PATH = re.compile(r"[^\W\d]\w*(/[^\W\d]\w*)*\.py")

TEMPLATE = '''"""The version of this distribution, written by spokeshave's stamp."""

from __future__ import annotations

__version__ = version = "{version}"
'''


def render_version_module(version: str) -> bytes:
    """Return the module's source for a version."""
    return TEMPLATE.format(version=version).encode()
