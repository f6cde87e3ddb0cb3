"""The license files of a pyproject.toml that names none.

PEP 639 leaves them to the backends. The plugin gives the tools the files that these patterns match, and the tools put
them into the wheel.
"""

from __future__ import annotations

LICENSE_GLOBS = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
"""What setuptools and hatchling take, below the folder of the pyproject.toml."""
