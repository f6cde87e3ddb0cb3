"""The payloads of a set: what its wheels are apart from their version."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.release.seal.artifact import Artifact
from spokeshave.stamp.payload import payload_sha256
from spokeshave_core.problems import Problems


@dataclass(frozen=True)
class Payloads:
    """The sha256 of each wheel's payload by file name, and notes about wheels that have none."""

    sha256: Mapping[str, str]
    notes: tuple[str, ...] = ()


def find_payloads(folder: Path, artifacts: Sequence[Artifact], problems: Problems) -> Payloads:
    """Return the payloads of the wheels in a folder.

    A wheel that Spokeshave built and that cannot be stamped contradicts itself, which is a problem. One of another
    backend may have a signature or an incomplete RECORD: it can be published, but not promoted.
    """
    wheels = [artifact for artifact in artifacts if artifact.wheel is not None]
    siblings = frozenset(artifact.project for artifact in artifacts)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda wheel: _payload(folder / wheel.name, siblings), wheels))
    notes = []
    for wheel, payload in zip(wheels, found):
        if not isinstance(payload, InvalidWheelError):
            continue
        if wheel.facts is not None:
            problems.extend(payload)
        else:
            reason = f"{payload.problems[0].place} {payload.problems[0].message}"
            notes.append(f"{wheel.name} cannot be promoted: it cannot be stamped, as {reason}")
    sha256 = {wheel.name: payload for wheel, payload in zip(wheels, found) if isinstance(payload, str)}
    return Payloads(sha256, tuple(notes))


def _payload(wheel: Path, siblings: frozenset[str]) -> str | InvalidWheelError:
    try:
        return payload_sha256(wheel, siblings)
    except InvalidWheelError as err:
        return err
