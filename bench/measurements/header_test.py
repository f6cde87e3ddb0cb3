from __future__ import annotations

from bench.measurements.header import parse_rule


def test_a_rules_prerequisites_are_read_across_its_lines() -> None:
    assert parse_rule("a.o: src/a.cc src/a.h \\\n  src/b.h\n") == ["src/a.cc", "src/a.h", "src/b.h"]
