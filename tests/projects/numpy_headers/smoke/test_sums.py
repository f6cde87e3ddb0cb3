import numpy
from sums import _native, total


def test_it_adds_the_elements_of_an_array():
    assert total(numpy.arange(5.0)) == 10


def test_it_converts_other_arrays_to_doubles():
    assert total([[1, 2], [3, 4]]) == 10


def test_numpy_has_the_sizes_that_it_was_compiled_with():
    long = numpy.dtype("l").itemsize
    long_double = numpy.dtype(numpy.longdouble).itemsize
    assert _native.__doc__ == f"numpy's long has {long} bytes, its long double {long_double}"
