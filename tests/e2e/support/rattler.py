"""rattler-build in an environment of its own: it renders recipes for any platform, and builds packages for this one.

Packages are built without a network: a channel in a folder has this machine's Python, as a virtual environment has it,
and pip. The packages that a recipe requires besides are empty.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.support.project import REPOSITORY, Environment, install_pinned

_PINS = REPOSITORY / "3rdparty/python/conda.txt"
_RENDER = """
import json, sys
from rattler_build import RenderConfig, Stage0Recipe, VariantConfig
from rattler_build.tool_config import PlatformConfig
path, platforms, pythons = sys.argv[1], *map(json.loads, sys.argv[2:])
recipe = Stage0Recipe.from_file(path)
skip = recipe.to_dict()["build"].get("skip", [])
# A rendered recipe does not say whether it is skipped: the conditions are rendered as those of a requirement.
probe = {"schema_version": 1, "package": {"name": "probe", "version": "1"}}
probe["requirements"] = {"host": ["python"], "run": [{"if": text, "then": "skipped"} for text in skip]}
def rendered(recipe, platform, python):
    config = RenderConfig(platform=PlatformConfig(target_platform=platform))
    (variant,) = recipe.render(VariantConfig({"python": [python]}), config)
    return variant.recipe.to_dict()
found = []
for platform in platforms:
    for python in pythons:
        document = rendered(recipe, platform, python)
        is_skipped = "run" in rendered(Stage0Recipe.from_dict(probe), platform, python)["requirements"]
        found.append({"platform": platform, "python": python, "skipped": is_skipped, "document": document})
print(json.dumps(found))
"""
_BUILD = """
import ensurepip, hashlib, json, os, sys, zipfile
from pathlib import Path
from rattler_build import Package, RenderConfig, Stage0Recipe, VariantConfig, assemble_package
from rattler_build.tool_config import PlatformConfig, ToolConfiguration
recipe, root, platform, others = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
minor = "%d.%d" % sys.version_info[:2]
packages = Path("lib/python" + minor + "/site-packages")
channel = root / "channel"
listed = {}
def add(name, version, build, files, depends=()):
    output = assemble_package(
        name=name, version=version, target_platform=platform, build_string=build, output_dir=channel / platform,
        files_dir=files, depends=list(depends), compression_level=1,
    )
    data = output.path.read_bytes()
    listed[output.path.name] = {
        "name": name, "version": version, "build": build, "build_number": 0, "depends": list(depends),
        "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "subdir": platform,
    }
def folder(name, files):
    for path, text in files.items():
        file = root / "files" / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root / "files" / name
base = Path(os.path.realpath(sys.executable))
settings = f"home = {base.parent}\\n"
python = folder("python", {"pyvenv.cfg": settings, packages / "README.txt": "A virtual environment."})
(python / "bin").mkdir()
for name in ("python", "python3", "python" + minor):
    (python / "bin" / name).symlink_to(base)
add("python", "%d.%d.%d" % sys.version_info[:3], "0_cpython", python)
wheel = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))
pip = root / "files/pip" / packages
pip.mkdir(parents=True)
zipfile.ZipFile(wheel).extractall(pip)
add("pip", wheel.name.split("-")[1], "0", root / "files/pip", ["python"])
for name, version in others.items():
    add(name, version, "0", folder(name, {f"share/{name}.txt": name}))
for subdir, files in ((platform, listed), ("noarch", {})):
    (channel / subdir).mkdir(exist_ok=True)
    index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": files}
    (channel / subdir / "repodata.json").write_text(json.dumps(index))
config = RenderConfig(platform=PlatformConfig(target_platform=platform))
variants = VariantConfig({"python": [minor + ".* *_cpython"]})
(variant,) = Stage0Recipe.from_file(recipe).render(variants, config)
result = variant.run_build(
    tool_config=ToolConfiguration(test_strategy="native"), output_dir=root / "output", channels=[channel.as_uri()]
)
(path,) = result.packages
package = Package.from_file(path)
print(json.dumps({
    "path": str(path), "depends": package.depends, "files": [str(file) for file in package.files],
    "noarch": str(package.noarch), "license": package.license, "tests": package.test_count,
}))
"""


@dataclass(frozen=True)
class Rattler:
    """An environment that has the library of rattler-build."""

    environment: Environment

    def render(self, recipe: Path, platforms: Sequence[str], pythons: Sequence[str]) -> list[dict[str, Any]]:
        """Return a recipe on each platform and Python, and whether it is skipped there."""
        result = self._run(_RENDER, str(recipe), json.dumps(platforms), json.dumps(pythons))
        assert result.returncode == 0, result.stderr
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    def error(self, recipe: Path) -> str:
        """Return why a recipe cannot be rendered."""
        result = self._run(_RENDER, str(recipe), '["linux-64"]', '["3.12"]')
        assert result.returncode != 0, result.stdout
        return result.stderr

    def build(self, recipe: Path, root: Path, others: Mapping[str, str]) -> dict[str, Any]:
        """Build and test the package of a recipe on linux-64. Return what it contains.

        Args:
            others: The versions of the packages that the recipe requires, besides Python and pip.
        """
        # The Python of the channel has the name of a real package, so it must not get into the user's cache.
        caches = {"RATTLER_CACHE_DIR": str(root / "cache")}
        result = self._run(_BUILD, str(recipe), str(root), "linux-64", json.dumps(others), **caches)
        assert result.returncode == 0, result.stdout + result.stderr
        package: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
        return package

    def _run(self, program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.environment.python), "-c", program, *arguments]
        environment = {**os.environ, **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def install_rattler(root: Path) -> Rattler:
    """Create the environment."""
    return Rattler(install_pinned(root, "3.12", _PINS))
