"""The closed sets that reports use. The values are what JSON contains."""

from __future__ import annotations

import enum


class Outcome(enum.Enum):
    """The outcome of a smoke test, or of one of its checks."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


class EvidenceSubject(enum.Enum):
    """What a smoke test in a release record was run on.

    Attributes:
        FILE: The bytes of the release's file.
        PAYLOAD: A wheel that differs from it in its version only.
    """

    FILE = "file"
    PAYLOAD = "payload"


class Source(enum.Enum):
    """Where the result of a process came from. MEMOIZED: kept in memory by the daemon from an earlier run."""

    RAN = "ran"
    HIT_LOCALLY = "hit_locally"
    HIT_REMOTELY = "hit_remotely"
    MEMOIZED = "memoized"

    @property
    def is_cached(self) -> bool:
        """Whether the process was not executed in this run."""
        return self is not Source.RAN


class UploadOutcome(enum.Enum):
    """The outcome of one wheel's upload."""

    UPLOADED = "uploaded"
    ALREADY_THERE = "already there"
    REFUSED = "refused"
    NOT_TRIED = "not tried"


class CheckOutcome(enum.Enum):
    """The outcome of the check of one file of a release, for its destination."""

    READY = "ready"
    ALREADY_THERE = "already there"
    REFUSED = "refused"


class Presence(enum.Enum):
    """What a destination has under the name of a file.

    Attributes:
        THERE: The file, with the same bytes.
    """

    THERE = "there"
    MISSING = "missing"
    OTHER_BYTES = "other bytes"


class PublishOutcome(enum.Enum):
    """The outcome of one file of a release.

    Attributes:
        PUBLISHED: Uploaded by this run, and listed by the index with the same bytes.
        ALREADY_THERE: The index had the same bytes before this run sent them.
        UNCONFIRMED: Its upload began, but whether the index has it is not known.
        FAILED: Its upload failed, and the index does not have it.
        REFUSED: The index does not accept it, or has other bytes under its name.
        NOT_SENT: Nothing of it was sent.
    """

    PUBLISHED = "published"
    ALREADY_THERE = "already there"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    REFUSED = "refused"
    NOT_SENT = "not sent"


class PublishEnd(enum.Enum):
    """What `release publish` came to.

    Attributes:
        DONE: The index has all files, and installers see them.
        PLANNED: Nothing was sent, as only the plan was asked for.
        REFUSED: Nothing was sent, and the index has nothing of the release.
        PARTIAL: The index may have a part of the release. The same command continues.
        NOT_VISIBLE: The index has all files, but installers do not see all of them yet.
    """

    DONE = "done"
    PLANNED = "planned"
    REFUSED = "refused"
    PARTIAL = "partial"
    NOT_VISIBLE = "not visible"


class NightlyEnd(enum.Enum):
    """What `release nightly` came to.

    Attributes:
        RELEASED: All destinations have the release.
        RECORDED: The record was made; no destination was named.
        NOTHING_NEW: There is no new commit, or what it installs is what the newest release installs.
        PLANNED: Nothing was done, as only the plan was asked for.
        FAILED: A step failed. The same command continues.
    """

    RELEASED = "released"
    RECORDED = "recorded"
    NOTHING_NEW = "nothing new"
    PLANNED = "planned"
    FAILED = "failed"


class Rule(enum.Enum):
    """The rules of `spokeshave verify`."""

    ARCHIVE = "archive"
    TAG = "tag"
    FILE_NAME = "file-name"
    NAME_CLASH = "name-clash"
    INSTALL_SCHEME = "install-scheme"
    OUTSIDE_PACKAGE = "outside-package"
    RECORD = "record"
    METADATA = "metadata"
    ENTRY_POINT = "entry-point"
    NO_NATIVE_CODE = "no-native-code"
    ARCHITECTURE = "architecture"
    LOADING = "loading"
    MINIMUM_SYSTEM = "minimum-system"
    SYMBOL_VERSION = "symbol-version"
    FORBIDDEN_SYMBOL = "forbidden-symbol"
    MISSING_LIBRARY = "missing-library"
    LIBRARY_CLASH = "library-clash"
    UNDEFINED_SYMBOL = "undefined-symbol"
    PYTHON_LIBRARY = "python-library"
    INSTALL_NAME = "install-name"
    SEARCH_PATH = "search-path"
    MODULE_INIT = "module-init"
    MODULE_MISSING = "module-missing"
    MODULE_SUFFIX = "module-suffix"
    LIMITED_API = "limited-api"
    EXECUTABLE_STACK = "executable-stack"
    WRITABLE_CODE = "writable-code"
    TEXT_RELOCATION = "text-relocation"
    SIGNATURE = "signature"
    TIME_STAMP = "time-stamp"
    BUILD_PATH = "build-path"
    VERSION_SLOT = "version-slot"
