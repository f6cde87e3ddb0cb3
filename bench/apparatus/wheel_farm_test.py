from __future__ import annotations

from pathlib import Path

from bench.apparatus.wheel_farm import write_wheel_farm


def test_each_project_has_a_wheel_and_metadata_with_its_own_name(tmp_path: Path) -> None:
    write_wheel_farm(tmp_path, 12)
    builds = list(tmp_path.glob("src/python/*/BUILD"))
    assert len(builds) == 12
    assert all(f'"{build.parent.name}._native"' in build.read_text() for build in builds)
    assert len({path.read_text() for path in tmp_path.glob("src/python/*/pyproject.toml")}) == 12
    assert len(list(tmp_path.glob("src/python/*/version.json"))) == 12
