"""The checks of `spokeshave verify`, one module for each part of a wheel."""

from __future__ import annotations
