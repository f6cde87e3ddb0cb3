from __future__ import annotations

from pathlib import Path

from bench.apparatus.generated_core import below, write_core


def test_the_last_unit_reaches_every_layer_through_its_includes() -> None:
    reached = {59}
    while True:
        more = reached | {unit for n in reached for unit in below(n, 60)}
        if more == reached:
            break
        reached = more
    assert {n // 6 for n in reached} == set(range(10))


def test_as_many_sources_and_headers_are_written_as_asked_for(tmp_path: Path) -> None:
    write_core(tmp_path, 20)
    assert len(list(tmp_path.glob("src/cpp/layer*/*.cc"))) == 20
    assert len(list(tmp_path.glob("src/cpp/layer*/*.h"))) == 20
