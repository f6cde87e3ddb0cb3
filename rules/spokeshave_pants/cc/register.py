"""Backend `spokeshave_pants.cc`: hermetic compiles and links of C and C++ for any supported platform."""

from __future__ import annotations

# First, because it reports an unsupported Pants, in which other imports may fail.
from spokeshave_pants import pants_api  # noqa: F401

# isort: split
from collections.abc import Iterable

from pants.backend.cc.target_types import CCSourcesGeneratorTarget, CCSourceTarget
from pants.backend.python.util_rules import pex
from pants.core.util_rules import source_files, system_binaries
from pants.engine.rules import Rule
from pants.engine.target import Target
from pants.engine.unions import UnionRule

from spokeshave_pants.cc import target_types as cc_target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.foreign import rules as foreign
from spokeshave_pants.cc.goals import check
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.cc.link import rules as link
from spokeshave_pants.cc.link import variant
from spokeshave_pants.cc.project import rules as project
from spokeshave_pants.cc.project import target_types as project_target_types
from spokeshave_pants.cc.runtime_pack import rules as runtime_pack
from spokeshave_pants.cc.tailor import rules as tailor
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.headers import import_library as python_import_library
from spokeshave_pants.headers import rules as python_headers
from spokeshave_pants.pythons import rules as interpreters
from spokeshave_pants.sandbox import hermetic, packages
from spokeshave_pants.sandbox import python as sandbox_python
from spokeshave_pants.sources import rules as sources
from spokeshave_pants.sources import target_types as source_target_types
from spokeshave_pants.toolchain import rules as toolchain


def target_types() -> Iterable[type[Target]]:
    return (
        CCSourceTarget,
        CCSourcesGeneratorTarget,
        *cc_target_types.target_types(),
        *project_target_types.target_types(),
        *source_target_types.target_types(),
    )


def rules() -> Iterable[Rule | UnionRule]:
    return (
        *cc_target_types.rules(),
        *check.rules(),
        *compile.rules(),
        *confinement.rules(),
        *foreign.rules(),
        *hermetic.rules(),
        *include_graph.rules(),
        *interpreters.rules(),
        *link.rules(),
        *link_closure.rules(),
        *packages.rules(),
        *project.rules(),
        *pex.rules(),
        *python_headers.rules(),
        *python_import_library.rules(),
        *runtime_pack.rules(),
        *sandbox_python.rules(),
        *source_files.rules(),
        *sources.rules(),
        *system_binaries.rules(),
        *tailor.rules(),
        *third_party.rules(),
        *toolchain.rules(),
        *variant.rules(),
    )
