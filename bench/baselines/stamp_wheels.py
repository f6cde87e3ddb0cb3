"""Stamps a folder of wheels as the final release. Run with the tools' packages, and not imported.

Arguments: the folder, the folder to write to, and the number of wheels at the same time. Prints the sha256 of each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from spokeshave.stamp.stamping import stamp_set
from spokeshave.wheel.version_facts import VersionFacts

FINAL = VersionFacts("3.12.0", channel="stable", commit="0123456789" * 4)

if __name__ == "__main__":
    for stamped in stamp_set(sorted(Path(sys.argv[1]).iterdir()), FINAL, Path(sys.argv[2]), jobs=int(sys.argv[3])):
        print(stamped.wheel.sha256)
