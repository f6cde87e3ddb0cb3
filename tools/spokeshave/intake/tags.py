"""The tags of a wheel from a project's own backend: they must be those that were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import OLDEST_PYTHON, PythonAbi
from spokeshave_core.wheel_name import WheelName

_ANY = "any"


def tag_problems(name: WheelName, platform: Platform, abi: PythonAbi) -> Iterator[Problem]:
    """Yield the reasons that a wheel is not the one for a platform and an ABI.

    Args:
        platform: A platform with a single processor.
    """
    if name.tag.platform == _ANY:
        yield Problem(
            str(name),
            "is a wheel for any platform, so the project compiled nothing",
            "If it has to compile an extension, find out what it needs for that: `env` and `config_settings` are passed"
            " on, and some projects build a pure wheel if a compile fails. A project without native code is built as a"
            " `python_requirement` or a `python_distribution`.",
        )
        return
    if not all(_is_of(tag, platform) for tag in name.tag.platforms):
        yield Problem(
            str(name),
            f"is tagged for {name.tag.platform}, but was built for {platform.unrepaired_tag}",
            "The project decides by something else than the Python that builds it. Remove options that name a platform"
            " (`--plat-name`, `_PYTHON_HOST_PLATFORM`, `ARCHFLAGS`) from the project, `env` and `config_settings`.",
        )
    yield from _abi_problems(name, abi)


def _is_of(tag: str, platform: Platform) -> bool:
    """Return whether a tag is that of an unrepaired wheel, or one that a backend computes for the same system."""
    if platform.object_format is not ObjectFormat.ELF:
        return tag == platform.unrepaired_tag
    family = platform.tag.split("linux_", 1)[0] + "linux"
    return tag == platform.unrepaired_tag or (tag.startswith(family) and tag.endswith(f"_{platform.architecture}"))


def _serves(found: PythonAbi, abi: PythonAbi) -> bool:
    """Return whether a wheel works wherever one of an ABI does: with the stable ABI of an earlier Python.

    It gets the tag of that ABI. Projects such as psutil tag their wheels for a Python that nothing builds for anymore.
    """
    return found.stable and abi.stable and found.is_abi3t == abi.is_abi3t and found.version <= abi.version


def _is_for_any_python(name: WheelName) -> bool:
    """Return whether a wheel is for each Python 3. One for Python 2 too (`py2.py3-none`) gets the tag `py3-none`."""
    return name.tag.abi == "none" and "py3" in name.tag.python.split(".")


def _abi_problems(name: WheelName, abi: PythonAbi) -> Iterator[Problem]:
    wanted = abi.wheel_tag(name.tag.platform)
    if (name.tag.python, name.tag.abi) == (wanted.python, wanted.abi):
        return
    found = PythonAbi.of_tags(name.tag.python, name.tag.abi)
    if (found is not None and _serves(found, abi)) or (abi.independent and _is_for_any_python(name)):
        return
    message = f"is tagged {name.tag.python}-{name.tag.abi}, but was built as {wanted.python}-{wanted.abi}"
    if _is_for_any_python(name):
        where = "in place of `limited_api`" if abi.stable else "on the target"
        remedy = f"The project's wheels are for every Python. Set any_python=True {where}: one build serves all."
    elif found is not None and found.stable:
        first = max(found.version, OLDEST_PYTHON)
        remedy = f'The project uses the stable ABI. Set limited_api="{first}": one build serves {first} and all later.'
    elif abi.stable:
        remedy = (
            "The project does not use the stable ABI. Remove `limited_api`, or switch it on: for scikit-build-core by"
            f' config_settings={{"wheel.py-api": "{abi.python_tag}"}}, for setuptools by its own option.'
        )
    elif abi.independent:
        remedy = "The project's wheels are for a single Python. Remove `any_python`."
    else:
        remedy = "Remove options that name a Python (`--python-tag`, `--py-limited-api`) from the project."
    yield Problem(str(name), message, remedy)
