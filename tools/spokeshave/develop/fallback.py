"""The Python module next to an extension module, which Python imports where no file of the extension fits it.

Python looks for extension modules first, so that the fallback is imported only by a Python that no file next to it is
for. Its error then names the command to run. No import hook is needed.
"""

from __future__ import annotations

from collections.abc import Iterable

_TEXT = '''\
"""Written by `{command}`. Python imports this file if no native file of the module is for it."""

import sys
from pathlib import Path
from typing import Any


def __getattr__(name: str) -> Any:  # for type checkers; at run time, the error below is raised first
    raise AttributeError(name)


_here = Path(__file__)
_built = sorted(path.name for path in _here.parent.glob(_here.stem + ".*") if path.suffix in (".so", ".pyd"))
raise ModuleNotFoundError(
    f"{{__name__}} is not built for this Python ({{sys.implementation.cache_tag}} on {{sys.platform}}). "
    f"Next to {{_here}} are: {{', '.join(_built) or 'no native files'}}. In the repository, run:\\n"
    f"    {command} --venv={{sys.prefix}} {targets}",
    name=__name__,
)
'''


def fallback_text(command: str, targets: Iterable[str]) -> bytes:
    """Return the source of a fallback.

    Args:
        command: The command that builds the extension.
        targets: The addresses to run it with.
    """
    return _TEXT.format(command=command, targets=" ".join(targets)).encode()
