from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from spokeshave.release.conda.match_spec import MatchSpec, version_spec


@pytest.mark.parametrize(
    ("specifiers", "spec"),
    [
        ("", ""),
        (">=1.2,<3", ">=1.2,<3"),
        ("~=1.4.2", ">=1.4.2,1.4.*"),
        ("~=1.4", ">=1.4,1.*"),
        ("~=1!2.3", ">=1!2.3,1!2.*"),
        ("==1.2.*", "1.2.*"),
        ("==1.2", "==1.2"),
        ("===1.2", "==1.2"),
        ("!=1.5.*,>=1", ">=1,!=1.5.*"),
        ("==1.0+cu118", "==1.0+cu118"),
    ],
)
def test_specifiers_become_version_specs(specifiers: str, spec: str) -> None:
    assert version_spec(SpecifierSet(specifiers)) == spec


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("numpy >=1.20,<2", "numpy <2,>=1.20"),
        ("numpy>=1.20", "numpy >=1.20"),
        ("NumPy >= 1.20", "numpy >=1.20.0"),
        ("numpy ~=1.4.2", "numpy >=1.4.2,1.4.*"),
        ("numpy <2.0a0", "numpy <2"),
        ("numpy <2.dev0", "numpy <2"),
        ("numpy 1.2", "numpy ==1.2.0"),
        ("numpy =1.2", "numpy 1.2.*"),
        ("numpy ==1.2.*", "numpy 1.2.*"),
        ("numpy *", "numpy"),
        ("conda-forge::numpy", "numpy"),
        ("python 3.11.* *_cpython", "python 3.11.*"),
    ],
)
def test_specs_of_one_meaning_are_equal(one: str, other: str) -> None:
    assert MatchSpec.parse(one) == MatchSpec.parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("numpy >=1.2", "numpy >1.2"),
        ("numpy >=1.20", "numpy >=1.2"),
        ("numpy 1.0.*", "numpy 1.*"),
        ("numpy !=1.5", "numpy !=1.5.*"),
        ("numpy", "numpy >=1"),
    ],
)
def test_specs_of_other_meanings_differ(one: str, other: str) -> None:
    assert MatchSpec.parse(one) != MatchSpec.parse(other)


@pytest.mark.parametrize("text", ["numpy >=1|==0.9", "numpy ${{ numpy }}"])
def test_alternatives_and_expressions_are_not_known(text: str) -> None:
    spec = MatchSpec.parse(text)
    assert spec is not None
    assert (spec.name, spec.is_known) == ("numpy", False)
