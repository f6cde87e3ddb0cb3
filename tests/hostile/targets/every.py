"""All targets, by name, and the module of each."""

from __future__ import annotations

from hostile.targets import indexes, native, sources, texts, wheels

_MODULES = (native, wheels, texts, indexes, sources)
TARGETS = {target.name: target for module in _MODULES for target in module.TARGETS}
MODULES = {target.name: module.__name__ for module in _MODULES for target in module.TARGETS}
