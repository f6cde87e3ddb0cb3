"""A copy of this checkout, in which its own ./pants builds and publishes its own distributions."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.support.index import IndexServer
from e2e.support.project import REPOSITORY

DISTRIBUTIONS = ("rules:dist", "tools:dist")


@dataclass(frozen=True)
class Checkout:
    """A copy of the files that git lists, without its history."""

    root: Path

    @classmethod
    def copy(cls, root: Path) -> Checkout:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (REPOSITORY / name).is_symlink() or (REPOSITORY / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, root / name, follow_symlinks=False)
        return cls(root)

    def package(self, *options: str, umask: int) -> list[Path]:
        """Build the distributions and return their wheels."""
        self._pants(*options, "package", *DISTRIBUTIONS, umask=umask)
        return sorted((self.root / "dist").glob("*.whl"))

    def publish(self, index: IndexServer) -> None:
        """Publish the distributions. The targets name PyPI; here its address is that of another index."""
        (self.root / ".pypirc").write_text(f"[distutils]\nindex-servers = pypi\n[pypi]\nrepository = {index.url}\n")
        self._pants("publish", *DISTRIBUTIONS, variables=index.login.variables())

    def _pants(self, *arguments: str, umask: int = 0o022, variables: Mapping[str, str] | None = None) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PANTS_")}
        run = subprocess.run(
            ["sh", "-c", f'umask {umask:04o}; exec ./pants --no-pantsd "$@"', "sh", *arguments],
            cwd=self.root,
            env={**inherited, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout
