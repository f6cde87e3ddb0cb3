from __future__ import annotations

from pathlib import Path

from bench.apparatus.sandbox import Step
from bench.baselines.ninja import NinjaBuild


def test_a_packages_compiles_are_found_by_its_links_objects(tmp_path: Path) -> None:
    shared, one, two = (
        Step(("__toolchain/zig", "c++", "-c", f"src/{name}.cc", "-o", f"__objects/{name}.o"), ())
        for name in ("shared", "one", "two")
    )
    links = [
        Step(("__toolchain/zig", "ld.lld", "__objects/shared.o", f"__objects/{name}.o", "-o", f"{name}/_native.so"), ())
        for name in ("one", "two")
    ]
    ninja = NinjaBuild(Path("ninja"), tmp_path, (shared, one, two, *links), jobs=1)
    assert ninja.compiles_of(["one"]) == (shared, one)
    assert ninja.compiles_of(["one", "two"]) == (shared, one, two)
