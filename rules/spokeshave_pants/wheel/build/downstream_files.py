"""Rules for the generated files of a wheel that C and C++ projects build with, such as a CMake package."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, FileContent
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.link.rules import LinkPlanRequest, plan_link
from spokeshave_pants.pants_api import concurrently, create_digest, implicitly, rule
from spokeshave_pants.wheel.downstream.generated import generated_files
from spokeshave_pants.wheel.downstream.package import OfferedLibrary
from spokeshave_pants.wheel.plan.rules import DescribedWheel, WheelPlanRequest, plan_described_wheel

TEMPLATES_DIR = "__templates"


@dataclass(frozen=True)
class DownstreamFilesRequest:
    """A request for the generated files of a wheel for C and C++ projects."""

    address: Address
    platform: Platform


@dataclass(frozen=True)
class DownstreamFiles:
    """Templates of generated files.

    Attributes:
        files: The path in the wheel and the path of the template of each file.
        digest: The templates at these paths.
    """

    files: tuple[tuple[str, str], ...]
    digest: Digest


async def _libraries(plan: DescribedWheel) -> tuple[OfferedLibrary, ...]:
    """Return the shared libraries that other projects can link to."""
    links = await concurrently(
        plan_link(LinkPlanRequest(address, plan.variant), **implicitly()) for address, _ in plan.libraries
    )
    names = {address: name for (address, _), name in zip(plan.libraries, plan.library_names)}
    return tuple(
        OfferedLibrary(
            name=names[address],
            folder=folder,
            has_version=any(source.needs_version for source in link.plans),
            needs=tuple(names[below] for below in link.shared_libraries if below in names),
        )
        for (address, folder), link in zip(plan.libraries, links)
    )


@rule(desc="Generate files for C and C++ projects", level=LogLevel.DEBUG)
async def downstream_files(request: DownstreamFilesRequest) -> DownstreamFiles:
    plan = await plan_described_wheel(WheelPlanRequest(request.address))
    if plan.offered is None:
        return DownstreamFiles((), EMPTY_DIGEST)
    texts = generated_files(plan.offered, await _libraries(plan), request.platform)
    files = tuple((path, posixpath.join(TEMPLATES_DIR, path)) for path in sorted(texts))
    digest = await create_digest(CreateDigest(FileContent(template, texts[path].encode()) for path, template in files))
    return DownstreamFiles(files, digest)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
