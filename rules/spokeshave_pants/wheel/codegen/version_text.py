"""The text of a version module in the source tree."""

from __future__ import annotations

# A stamped wheel has the same names in its module (`tools/spokeshave/wheel/version_module.py`).
_TEMPLATE = '''"""The version of this distribution in the source tree. A wheel has the one that it is stamped with."""

from __future__ import annotations

__version__ = version = "{version}"
'''


def version_module_text(version: str) -> bytes:
    """Return the module's source for a version."""
    return _TEMPLATE.format(version=version).encode()
