"""The closed sets that reports use. The values are what JSON contains."""

from __future__ import annotations

import enum


class Outcome(enum.Enum):
    """The outcome of a smoke test, or of one of its checks."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


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
