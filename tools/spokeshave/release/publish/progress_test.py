from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.publish.progress import Progress
from spokeshave.release.record import FILES, read_record
from spokeshave.sizes import human_size
from spokeshave.testing.pypi_like_fixtures import pypi_like
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.upload.attempt import AttemptStatus


def test_a_long_upload_has_a_line_each_ten_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bytes are those of a real upload; only the clock is faster."""
    monkeypatch.setenv("HOME", str(tmp_path))
    record = write_release(tmp_path / "sealed", texts={"abacus-runtime": "# " + "x" * 200_000})
    file = max(read_record(record).files, key=lambda file: file.size)
    seconds = iter(range(0, 10**9, 6))
    progress = Progress([file], lambda text: text, lambda: next(seconds))
    with pypi_like(tmp_path / "pypi") as server:
        options = DestinationOptions()
        with open_destination(server.upload_url, options, server.variables) as destination:
            progress.sending(file)
            attempt = destination.send(
                record / FILES / file.name, [], lambda sent, total: progress.advanced(file, sent, total)
            )
    assert attempt.status is AttemptStatus.STORED
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert lines[0] == f"[1/1] sending {file.name} ({human_size(file.size)})"
    percents = [int(line.split()[1].rstrip("%")) for line in lines[1:]]
    assert len(percents) > 2
    assert percents == sorted(percents)
    assert percents[-1] > 50
    assert all(line.endswith("B/s") for line in lines[1:])
