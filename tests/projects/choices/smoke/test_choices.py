from choices import describe


def test_the_wheel_is_of_this_system() -> None:
    assert describe() in [("POSIX", "x86_64", 0), ("Windows", "amd64", 0)]
