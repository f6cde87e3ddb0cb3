"""Spokeshave's tools: assemble, repair, verify, stamp and smoke-test native Python wheels."""

from __future__ import annotations

__version__ = "0.1.0"
