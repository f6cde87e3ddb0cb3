"""What `spokeshave verify` checks, one module for each part of a wheel."""

from __future__ import annotations
