from __future__ import annotations

from bench.result import Measurement, Spread, Table, Verdict
from bench.text import render


def test_a_spread_is_min_median_max() -> None:
    assert str(Spread.of([3.0, 1.0, 2.5])) == "1.00 / 2.50 / 3.00"


def test_only_a_wrong_count_makes_a_measurement_wrong() -> None:
    slow = Verdict.ratio("a / b", 2.0, 1.25)
    wrong = Verdict.count("processes", 1, 0)
    assert not Measurement("x", (), (slow,)).is_wrong
    assert Measurement("x", (), (slow, wrong)).is_wrong


def test_a_measurement_is_shown_with_its_tables_and_verdicts() -> None:
    shown = render(
        Measurement("x", (Table("T", ("name", "n"), (("a", 10), ("bcdef", 2))),), (Verdict.count("n", 1, 0),))
    )
    assert shown == "== x\n\nT\nname    n\n-----  --\na      10\nbcdef   2\n\nMISSED  n: 0; found 1\n"
