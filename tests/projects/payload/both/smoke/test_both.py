import both


def test_the_extension_and_ctypes_use_one_library() -> None:
    assert [both.count(), both.tally(), both.count()] == [10, 2, 30]
    assert (both.answer(), both.release) == (42, (1, 0))
