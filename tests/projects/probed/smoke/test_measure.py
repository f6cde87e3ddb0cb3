import measure


def test_both_libraries_of_the_core_are_linked():
    assert measure.twice_the_length("näh") == 6


def test_the_core_was_configured_for_the_platform():
    assert measure.facts() == "configured for: fork rounds long=8"
