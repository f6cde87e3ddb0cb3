import sys

import tally


def test_a_tally_counts():
    counter = tally.Tally()
    assert [counter.increment(), counter.increment()] == [1, 2]
    assert tally.Tally().increment() == 1


def test_a_build_is_for_the_newest_stable_abi_of_its_python():
    expected = "abi3t" if sys.version_info >= (3, 15) else "abi3"
    assert tally._native.__file__.split(".")[-2] == expected
