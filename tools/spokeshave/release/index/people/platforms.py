"""The names of platforms for people, in the order in which a page lists them."""

from __future__ import annotations

from dataclasses import dataclass

from spokeshave_core.platform import InvalidPlatformError, Platform, System
from spokeshave_core.wheel_name import WheelName

ANY = "any"
_SYSTEMS = {System.GLIBC: "Linux", System.MUSL: "Linux", System.MACOS: "macOS", System.WINDOWS: "Windows"}
_PROCESSORS = {"amd64": "x86_64"}
_COMMON = "x86_64"
_LAST = 9


@dataclass(frozen=True, order=True)
class NamedPlatform:
    """The platform of a wheel. Platforms sort as a page lists them.

    Attributes:
        order: The system's place in the list, the processor (x86_64 first), and the lowest version of the system.
        name: Such as `Linux x86_64`.
        floor: The oldest system that it is for, such as `glibc 2.17 or newer`. Empty if there is none.
        tag: The wheel's platform tag, as the file's name has it.
    """

    order: tuple[int, bool, str, tuple[int, int]]
    name: str
    floor: str
    tag: str


def name_platform(wheel: WheelName) -> NamedPlatform:
    """Return the platform of a wheel. A tag that Spokeshave does not know is its own name."""
    tag = wheel.tag.platform
    if wheel.is_pure:
        return NamedPlatform(order=(_LAST, False, "", (0, 0)), name="any platform", floor="", tag=tag)
    parsed = [found for found in map(_parse, wheel.tag.platforms) if found]
    if not parsed:
        name = tag.replace(".", ", ")
        return NamedPlatform(order=(_LAST - 1, False, tag, (0, 0)), name=name, floor="", tag=tag)
    # Several tags of one file: the lowest version is where it works first.
    platform = min(parsed, key=lambda found: found.floor or (0, 0))
    processor = _PROCESSORS.get(platform.architecture, platform.architecture)
    place = list(_SYSTEMS).index(platform.system)
    return NamedPlatform(
        order=(place, processor != _COMMON, processor, platform.floor or (0, 0)),
        name=f"{_SYSTEMS[platform.system]} {processor}",
        floor=_floor(platform),
        tag=tag,
    )


def _parse(tag: str) -> Platform | None:
    try:
        return Platform.parse(tag)
    except InvalidPlatformError:
        return None


def _floor(platform: Platform) -> str:
    if platform.floor is None:
        return ""
    return f"{platform.system.value} {platform.floor[0]}.{platform.floor[1]} or newer"
