"""Tests of the overlay with headers in any case. That clang reads it is tested with the driver."""

from __future__ import annotations

import json

from spokeshave_pants.cc.foreign.header_case import case_overlay


def test_folders_are_kept() -> None:
    overlay = json.loads(case_overlay(["lib/w/windows.h", "lib/w/gl/gl.h", "lib/w/gl/glu.h"], "lib/w"))
    (root,) = overlay["roots"]
    assert root["contents"] == [
        {
            "type": "directory",
            "name": "gl",
            "contents": [
                {"type": "file", "name": "gl.h", "external-contents": "lib/w/gl/gl.h"},
                {"type": "file", "name": "glu.h", "external-contents": "lib/w/gl/glu.h"},
            ],
        },
        {"type": "file", "name": "windows.h", "external-contents": "lib/w/windows.h"},
    ]
