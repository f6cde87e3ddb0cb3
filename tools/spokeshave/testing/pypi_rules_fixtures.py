"""The settings of the PyPI-like server: PyPI's limits, and faults that are switched on. They are a JSON file."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from spokeshave.files import write_bytes

MIB = 1 << 20
GIB = 1 << 30
API_TOKEN = "pypi-an-api-token-5f0a77c1"
PUBLISHER = "a job of the trusted workflow"


class Place(enum.Enum):
    """The kind of request that a fault is for."""

    UPLOAD = "upload"
    HTML = "simple page in HTML"
    JSON = "simple page in JSON"
    API = "JSON API"
    FILE = "download"
    AUDIENCE = "audience"
    MINT = "mint-token"


class FaultKind(enum.Enum):
    """What goes wrong.

    Attributes:
        STATUS: The answer has a status, such as 500, and nothing is stored (unless the moment is STORED).
        RESET: The connection is reset.
        DROP: The connection is closed without an answer.
        HANG: Nothing happens for some seconds, or until the fault is removed from the rules. The request then goes on.
        NOT_STORED: The answer is 200, but nothing is stored.
        FULL: The project is full.
        STALE: A simple page has only the files that were stored when the fault was switched on.
    """

    STATUS = "status"
    RESET = "reset"
    DROP = "drop"
    HANG = "hang"
    NOT_STORED = "not stored"
    FULL = "full"
    STALE = "stale"


class Moment(enum.Enum):
    """When a fault of an upload happens. Other requests know only BEFORE."""

    BEFORE = "before the body is read"
    MIDWAY = "after half of the body"
    STORED = "after the file is stored"


@dataclass(frozen=True)
class Fault:
    """A fault of some requests.

    Attributes:
        name: A glob of the file's name, or of the project's for simple pages.
        skip: The number of matching requests that go well first.
        times: The number of requests that fail then; None for all. A stale page counts only if it hides something.
        reason: The reason in the status line of STATUS.
        retry_after: The header `Retry-After`: seconds or a date.
        seconds: The duration of HANG.
    """

    kind: FaultKind
    place: Place = Place.UPLOAD
    moment: Moment = Moment.BEFORE
    name: str = "*"
    skip: int = 0
    times: int | None = 1
    status: int = 500
    reason: str = "a fault"
    retry_after: str | None = None
    seconds: float = 600.0

    def is_for(self, place: Place, name: str) -> bool:
        return self.place is place and fnmatchcase(name, self.name)


@dataclass(frozen=True)
class Rules:
    """The settings of the server. The defaults are PyPI's.

    Attributes:
        file_limit: The largest file, in bytes.
        project_limit: The largest sum of a project's files, in bytes, for projects that are not in `project_limits`.
        maximum_age: Days after which a release takes no new files; None for no limit.
        local_versions: Whether `1.0+local` is accepted.
        classifiers: The known classifiers; None to accept all.
        statuses: `archived` or `quarantined` projects by normalized name.
        yanked: Reasons by `project version`.
        deleted: File names that were deleted. They are never accepted again.
        api_token: A token that never expires; None if no credentials are needed.
        publishers: The subjects of jobs that get tokens by trusted publishing.
        audience: The audience of their identities.
        token_seconds: How long their tokens live.
        clock: Seconds that the server's clock is ahead of the machine's.
        clock_step: Seconds that the clock advances with each stored file.
        attestations_need_publisher: Whether attestations are refused that come with an API token.
        pages_in_json: Whether simple pages are in JSON too, for clients that ask for it.
    """

    file_limit: int = 100 * MIB
    project_limit: int = 10 * GIB
    project_limits: Mapping[str, int] = field(default_factory=dict)
    maximum_age: float | None = 14
    local_versions: bool = False
    classifiers: tuple[str, ...] | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    yanked: Mapping[str, str] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    api_token: str | None = API_TOKEN
    publishers: tuple[str, ...] = (PUBLISHER,)
    audience: str = "pypi"
    token_seconds: float = 900
    clock: float = 0
    clock_step: float = 0
    attestations_need_publisher: bool = True
    pages_in_json: bool = True
    faults: tuple[Fault, ...] = ()

    def limit_of(self, project: str) -> int:
        """Return the size limit of a project by its normalized name."""
        return self.project_limits.get(project, self.project_limit)

    def write(self, path: Path) -> None:
        """Write the file in one step: the server reads it before each request."""
        fields = dataclasses.asdict(self)
        write_bytes(path, json.dumps(fields, default=lambda value: value.value, indent=1).encode())


def read_rules(path: Path) -> Rules:
    """Return the rules of a file; the defaults if it does not exist. A missing field has its default."""
    if not path.exists():
        return Rules()
    fields: dict[str, Any] = json.loads(path.read_text())
    fields["faults"] = tuple(_fault(fault) for fault in fields.get("faults", ()))
    for name in ("classifiers", "deleted", "publishers"):
        if fields.get(name) is not None:
            fields[name] = tuple(fields[name])
    return Rules(**fields)


def _fault(fields: Mapping[str, Any]) -> Fault:
    enums: dict[str, Callable[[Any], Any]] = {"kind": FaultKind, "place": Place, "moment": Moment}
    values: dict[str, Any] = {name: enums.get(name, lambda found: found)(value) for name, value in fields.items()}
    return Fault(**values)
