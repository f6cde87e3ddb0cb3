import numpy
from sums import total


def test_it_adds_the_elements_of_an_array():
    assert total(numpy.arange(5.0)) == 10


def test_it_converts_what_is_no_array_of_doubles():
    assert total([[1, 2], [3, 4]]) == 10
