import measure


def test_both_libraries_of_the_core_are_linked():
    assert measure.twice_the_length("näh") == 6


def test_the_core_was_configured_for_the_platform():
    getrandom, fork, rounds, size_of_long = measure.facts()
    assert (getrandom, fork, rounds, size_of_long) == (0, 1, 1, 8)
