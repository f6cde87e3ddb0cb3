"""Run the program. In a sandbox, this file is at the top of the folder that Python is started with."""

from __future__ import annotations

import sys

from spokeshave.standalone.backend.command import main

raise SystemExit(main(sys.argv[1:]))
