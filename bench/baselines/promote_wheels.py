"""Promotes a record to the final release. Run with the tools' packages, and not imported.

Arguments: the folder of the record, and that of the record to write. Prints the sha256 of each wheel.
"""

from __future__ import annotations

import sys
from pathlib import Path

from spokeshave.release.promote.promotion import PromotionRequest, promote

if __name__ == "__main__":
    request = PromotionRequest(Path(sys.argv[1]), "3.12.0", Path(sys.argv[2]), untested=True)
    for wheel in sorted(promote(request).wheels, key=lambda wheel: wheel.name):
        print(wheel.sha256)
