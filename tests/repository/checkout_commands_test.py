"""The commands of a checkout: links to one script, which takes the command from the link's name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize("command", ["cache-server", "index", "release"])
def test_a_command_of_a_checkout_is_a_link_to_the_script(command: str) -> None:
    assert (TOOLS / command).readlink() == Path("emulation")
    assert os.access(TOOLS / command, os.X_OK)
