import good


def test_that_cannot_pass():
    assert good.__name__ == "better"
