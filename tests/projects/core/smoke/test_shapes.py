import pytest
import shapes


def test_a_square_has_four_sides():
    assert shapes.square(2) == "8 m"


def test_a_c_plus_plus_exception_becomes_one_of_python():
    with pytest.raises(ValueError, match="negative"):
        shapes.square(-1)
