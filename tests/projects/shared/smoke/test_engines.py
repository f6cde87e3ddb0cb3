from engines import _exceptions, _types


def test_the_extension_catches_exceptions_of_the_library():
    assert _exceptions.from_library("runtime") == "runtime_error: thrown by the library"
    assert _exceptions.from_library("custom") == "EngineError 7: thrown by the library"
    assert _exceptions.from_library("int") == "int: 42"


def test_the_library_catches_exceptions_of_the_extension():
    assert _exceptions.to_library("runtime") == "runtime_error: thrown by the extension"
    assert _exceptions.to_library("custom") == "EngineError 8: thrown by the extension"
    assert _exceptions.to_library("int") == "int: 43"


def test_types_of_the_library_are_known_in_the_extension():
    assert _types.from_library() == "same 1, cast 1, other 0"


def test_types_of_the_extension_are_known_in_the_library():
    assert _types.to_library() == "named door, part, wheel"


def test_both_extensions_use_one_library():
    before = _exceptions.count()
    assert _types.count() == before + 1
    assert _exceptions.count() == before + 2
