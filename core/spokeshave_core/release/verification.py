"""The report of `index verify`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

import enum
from dataclasses import dataclass

from spokeshave_core.reports.report import Report


class IndexFault(enum.Enum):
    """What is wrong with a part of an index.

    Attributes:
        LINK: The link to the newest generation, or one of those through it, does not lead there.
        LIST: A line of the list of sets cannot be read, or sets contradict each other.
        RECORD: A file of a set's record is not as it was sealed.
        MISSING: A file that a set lists does not exist.
        CHANGED: A file has other bytes than those that its set lists.
        FOREIGN: Nothing lists a file.
        CLASH: Two sets list other bytes under one name.
        PAGE: A page is not what the sets make.
        UNREADABLE: A file cannot be read.
    """

    LINK = "link"
    LIST = "list"
    RECORD = "record"
    MISSING = "missing"
    CHANGED = "changed"
    FOREIGN = "foreign"
    CLASH = "name clash"
    PAGE = "page"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class IndexFinding:
    """One thing that is wrong.

    Attributes:
        path: Below the folder of the index, with slashes.
    """

    fault: IndexFault
    path: str
    message: str
    remedy: str


@dataclass(frozen=True)
class IndexVerifyReport(Report):
    """`index verify`.

    Attributes:
        generation: The path of the generation that was verified, below the folder. Empty if there is none.
        sets: The number of sets that it lists.
        files: The number of wheels, sdists and their companions that it lists.
        size: The sum of their bytes.
        is_quick: Whether only sizes were compared, of files other than pages.
        notes: What a user should know and need not fix, such as leftovers of a killed writer.
    """

    index: str
    generation: str
    sets: int
    files: int
    size: int
    is_quick: bool
    findings: tuple[IndexFinding, ...]
    notes: tuple[str, ...] = ()
