"""A real browser: Debian's headless Chromium, driven by the W3C WebDriver protocol of its `chromedriver`.

The standard library can send the few JSON requests of the protocol. A package for it would be another pin, which has to
match the browser.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STARTS_WITHIN = 60
_ANSWERS_WITHIN = 60
_PORT = re.compile(rb"started successfully on port (\d+)")
# No activity of the browser's own. No sandbox, which does not work if the tests run as root.
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--hide-scrollbars",
)
REMEDY = "install both: apt-get install chromium chromium-driver (.ci/run does)"


@dataclass(frozen=True)
class Browser:
    """A session with one open page."""

    session: str

    def open(self, page: Path | str) -> None:
        """Load a file or a URL, including everything that it runs immediately."""
        self._post("url", {"url": page.as_uri() if isinstance(page, Path) else page})

    def resize(self, width: int, height: int) -> None:
        """Set the page's size in CSS pixels, which may be smaller than a window's minimum."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", **metrics)

    def prefer(self, scheme: str) -> None:
        """Emulate a reader's preference for `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def run(self, script: str, *arguments: object) -> Any:
        """Return the result of a function's body in JavaScript."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def press(self, *keys: str) -> None:
        """Type keys one by one at the current focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def console(self) -> list[str]:
        """Return the browser's messages since the last call: errors of scripts, of the policy, of loading."""
        return [entry["message"] for entry in self._post("se/log", {"type": "browser"})]

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a PNG for a person to inspect."""
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def devtools(self, command: str, **parameters: object) -> Any:
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, what: str, body: dict[str, object]) -> Any:
        return _request(f"{self.session}/{what}", body)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Run a browser with an empty profile during the block."""
    chromium = shutil.which("chromium")
    driver = shutil.which("chromedriver")
    assert chromium, f"this machine has no chromium; {REMEDY}"
    assert driver, f"this machine has no chromedriver; {REMEDY}"
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen([driver, "--port=0"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{_port(process, log)}/session"
            options = {"binary": chromium, "args": [*_FLAGS, f"--user-data-dir={folder}/profile"]}
            capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            session = f"{url}/{_request(url, {'capabilities': {'alwaysMatch': capabilities}})['sessionId']}"
            try:
                yield Browser(session)
            finally:
                _request(session, None, "DELETE")
        finally:
            process.terminate()
            process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Return the port that the driver chose, from its output."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        found = _PORT.search(log.read_bytes())
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"chromedriver did not start:\n{log.read_text()}")


def _request(url: str, body: dict[str, object] | None, method: str = "POST") -> Any:
    """Return the value in the driver's answer. A refusal is raised with the driver's message."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    # Without a proxy of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWERS_WITHIN) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"the browser refused {url.rpartition('/')[2]}: {error.read().decode()}") from error
