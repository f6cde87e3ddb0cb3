from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from e2e.support.browser import REMEDY, Browser, browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not shutil.which("chromium") and not shutil.which("apt-get"):
        pytest.skip(f"this machine has neither chromium nor an apt-get to install it; {REMEDY}")
    with browser() as session:
        yield session
