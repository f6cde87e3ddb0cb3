"""Stamps a folder of wheels as the final release. Run with the tools' packages, and not imported.

Arguments: the folder, the folder to write to, and the number of wheels at the same time. Prints the sha256 of each.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from spokeshave.stamp.stamping import stamp
from spokeshave.wheel.version_facts import VersionFacts

FINAL = VersionFacts("3.12.0", channel="stable", commit="0123456789" * 4)

if __name__ == "__main__":
    with ThreadPoolExecutor(int(sys.argv[3])) as pool:
        one = partial(stamp, facts=FINAL, output=Path(sys.argv[2]))
        for stamped in pool.map(one, sorted(Path(sys.argv[1]).iterdir())):
            print(stamped.wheel.sha256)
