"""Rules for the import library of CPython's DLL, which extensions for Windows are linked with."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.confinement.rules import ConfinedProcess, run_confined
from spokeshave_pants.errors import LinkError
from spokeshave_pants.headers.exports import (
    import_library_argv,
    import_library_description,
    import_library_name,
    module_definition,
)
from spokeshave_pants.headers.rules import PythonHeadersRequest, python_headers
from spokeshave_pants.pants_api import create_digest, get_digest_contents, implicitly, rule
from spokeshave_pants.toolchain.rules import CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT

_DEFINITION = "python.def"


@dataclass(frozen=True)
class PythonImportLibraryRequest:
    """A request for the import library.

    Attributes:
        where: The subject of messages, such as "the target //a:b".
    """

    abi: PythonAbi
    platform: Platform
    where: str


@dataclass(frozen=True)
class PythonImportLibrary:
    """The library, at `path` in the digest."""

    digest: Digest
    path: str
    action: Action


@rule(desc="Make the import library of Python", level=LogLevel.DEBUG)
async def make_import_library(request: PythonImportLibraryRequest) -> PythonImportLibrary:
    headers = await python_headers(PythonHeadersRequest(request.abi.version, request.platform, request.where))
    files = await get_digest_contents(headers.digest)
    definition = module_definition({file.path: file.content.decode(errors="replace") for file in files}, request.abi)
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    path = import_library_name(request.abi)
    description = import_library_description(request.abi, request.platform)
    process = Process(
        argv=import_library_argv(request.platform, definition=_DEFINITION, output=path),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest([FileContent(_DEFINITION, definition.encode())])),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.linker},
        output_files=(path,),
        description=description,
        level=LogLevel.DEBUG,
    )
    result = await run_confined(ConfinedProcess(process, toolchain.packages), **implicitly())
    if result.exit_code:
        reason = result.stderr.decode(errors="replace").strip()
        raise LinkError(f"{request.where}: the import library {path} cannot be made:\n{reason}")
    action = Action.of(kind=ActionKind.LINK, description=description, result=result, platform=request.platform)
    return PythonImportLibrary(result.output_digest, path, action)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
