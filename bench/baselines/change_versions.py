"""Changes the version of a folder of wheels in one process. Run with change_wheel_version, and not imported.

The wheels are written next to the old ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

from change_wheel_version import change_wheel_version

if __name__ == "__main__":
    for wheel in sorted(Path(sys.argv[1]).iterdir()):
        change_wheel_version(wheel, "3.12.0", None)
