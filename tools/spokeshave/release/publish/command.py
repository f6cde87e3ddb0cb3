"""The command `spokeshave release publish`: a whole release on its destination, or a list of what is missing.

The release is checked first. What the index already has is not sent again, so that the same command continues after
any end, on any machine that has the record.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from spokeshave.errors import ExitCode
from spokeshave.release.check.release import check_release
from spokeshave.release.destination.destination import Destination, FileState
from spokeshave.release.destination.open import open_destination
from spokeshave.release.publish.journal import Journal, journal_path
from spokeshave.release.publish.order import UploadOrder, upload_order
from spokeshave.release.publish.progress import Progress, human_size
from spokeshave.release.publish.publication import FileProgress, Patience, Publication, new_publication
from spokeshave.release.publish.publisher import Interruption, Publisher
from spokeshave.release.publish.table import plain_lines, print_table
from spokeshave.release.record import STATE, manifest_sha256, read_record
from spokeshave.report import write_text
from spokeshave_core.outcomes import PublishEnd, PublishOutcome
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.reports.publish import PublishedFile, PublishReport
from spokeshave_core.reports.release import ReleaseRecord

EXIT_CODES = {
    PublishEnd.DONE: ExitCode.OK,
    PublishEnd.PLANNED: ExitCode.OK,
    PublishEnd.REFUSED: ExitCode.USER_ERROR,
    PublishEnd.PARTIAL: ExitCode.PARTIAL,
    PublishEnd.NOT_VISIBLE: ExitCode.NOT_VISIBLE,
}
