from tiny import answer


def test_the_answer() -> None:
    assert answer() == 42
