from __future__ import annotations

import pytest

from spokeshave_core.components import Component, Components, package_url, project_url
from spokeshave_core.json_values import InvalidJsonError

COMPONENTS = Components(
    (
        Component(
            name="libc++",
            version="0.17.0",
            purl="pkg:pypi/ziglang@0.17.0#lib/libcxx",
            license="Apache-2.0 WITH LLVM-exception",
            description="the C++ standard library",
        ),
        Component("glue"),
    )
)


def test_components_are_read_back_from_their_file() -> None:
    assert Components.from_json(COMPONENTS.to_json()) == COMPONENTS


def test_package_url_quotes_the_version() -> None:
    assert package_url("demo", "1.0+local") == "pkg:pypi/demo@1.0%2Blocal"
    assert package_url("ziglang", "0.17.0", "lib/libcxx") == "pkg:pypi/ziglang@0.17.0#lib/libcxx"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "it is not JSON"),
        ('{"components": [{"version": "1"}]}', r"components\[0\] has no 'name'"),
        ('{"components": [{"name": 1}]}', r"components\[0\].name is 1 and not a text"),
    ],
)
def test_faulty_file_is_refused_with_the_position(text: str, message: str) -> None:
    with pytest.raises(InvalidJsonError, match=message):
        Components.from_json(text)


def test_projects_of_no_index_are_generic_packages() -> None:
    assert project_url("yaml-cpp", "0.8.0") == "pkg:generic/yaml-cpp@0.8.0"
    assert project_url("a b", None) == "pkg:generic/a%20b"
