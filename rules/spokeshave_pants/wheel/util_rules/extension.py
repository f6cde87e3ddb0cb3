"""Link a `python_extension` for one platform and one Python ABI."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import Digest, MergeDigests
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.target import WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_pants.action import Action
from spokeshave_pants.cc.link_command import LinkSettings
from spokeshave_pants.cc.target_types import LinkFlagsField
from spokeshave_pants.cc.util_rules.compile import CompileAllRequest, CompiledObjects
from spokeshave_pants.cc.util_rules.link import (
    LinkedLibrary,
    LinkPlan,
    LinkPlanRequest,
    LinkRequest,
    SharedLibraryRequest,
)
from spokeshave_pants.cc.util_rules.python_headers import PythonHeaders, PythonHeadersRequest
from spokeshave_pants.cc.util_rules.runtime_pack import RuntimePack, RuntimePackRequest
from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonAbi
from spokeshave_pants.wheel.target_types import ExtensionModuleField
from spokeshave_pants.wheel.wheel_plan import extension_path


@dataclass(frozen=True)
class LinkPythonExtensionRequest:
    address: Address
    platform: Platform
    abi: PythonAbi


@dataclass(frozen=True)
class PythonExtension:
    """A linked extension at its place in the wheel, and the shared libraries that its repair grafts."""

    module: str
    digest: Digest
    libraries: Digest
    headers_origin: str
    actions: tuple[Action, ...]


@rule(desc="Link a Python extension", level=LogLevel.DEBUG)
async def link_python_extension(request: LinkPythonExtensionRequest) -> PythonExtension:
    where = f"the target {request.address}"
    target = (await Get(WrappedTarget, WrappedTargetRequest(request.address, description_of_origin=where))).target
    module = target[ExtensionModuleField].value
    plan = await Get(LinkPlan, LinkPlanRequest(request.address))
    # The link wants the runtime pack. Asked for here, it is made beside the compiles and not after them.
    objects, headers, _ = await MultiGet(
        Get(CompiledObjects, CompileAllRequest(plan.plans, request.platform, request.abi)),
        Get(PythonHeaders, PythonHeadersRequest(request.abi.version, where)),
        Get(RuntimePack, RuntimePackRequest(request.platform)),
    )
    shared = await MultiGet(
        Get(LinkedLibrary, SharedLibraryRequest(address, request.platform)) for address in plan.shared_libraries
    )
    libraries = await Get(Digest, MergeDigests(library.digest for library in shared))
    linked = await Get(
        LinkedLibrary,
        LinkRequest(
            target=request.address.spec,
            platform=request.platform,
            abi=request.abi,
            objects=objects,
            libraries=libraries,
            library_paths=tuple(library.path for library in shared),
            settings=LinkSettings(
                output=extension_path(module, request.abi, request.platform),
                exports=("PyInit_*",),
                allow_undefined=True,
                flags=target[LinkFlagsField].value or (),
            ),
        ),
    )
    return PythonExtension(
        module=module,
        digest=linked.digest,
        libraries=libraries,
        headers_origin=headers.origin,
        actions=(*linked.actions, *(action for library in shared for action in library.actions)),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
