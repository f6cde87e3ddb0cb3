"""The entry point of `python -m spokeshave`."""

from __future__ import annotations

import sys

from spokeshave.cli import main

if __name__ == "__main__":
    sys.exit(main())
