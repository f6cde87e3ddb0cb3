"""Every parser of bytes from outside keeps the rule of `hostile.limits`, for known attacks and for mutated inputs.

`tools/fuzz` searches longer, by the coverage of the code.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.attacks import attacks_on
from hostile.limits import BrokenRuleError, Target, check
from hostile.minimise import minimised
from hostile.mutation import Edit, Kind, mutated
from hostile.targets.common import in_file
from hostile.targets.every import TARGETS
from spokeshave_core.problems import Problem, SpokeshaveError

# What the tests of a CI run can take. The same inputs in each run: a new fault is not a matter of luck.
_QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=8,
    suppress_health_check=list(HealthCheck),
)
_EDITS = st.lists(
    st.builds(Edit, st.sampled_from(Kind), st.integers(0, 1 << 16), st.integers(0, 1 << 16)), min_size=1, max_size=6
)
_ATTACKS = [(name, attack) for name in TARGETS for attack in attacks_on(name)]


@pytest.mark.parametrize("name", TARGETS)
def test_valid_inputs_are_accepted(name: str) -> None:
    target = TARGETS[name]
    accepted = [check(target, seed) for seed in target.seeds()]
    assert any(accepted) or name in ("attestation", "release-record", "sums")


@pytest.mark.parametrize("name", TARGETS)
@_QUICK
@given(data=st.data())
def test_mutated_inputs_keep_the_rule(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    seed = data.draw(st.sampled_from(target.seeds()))
    check(target, mutated(seed, data.draw(_EDITS), target.words))


@pytest.mark.parametrize("name", TARGETS)
@_QUICK
@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_keep_the_rule(name: str, data: bytes) -> None:
    check(TARGETS[name], data)


@pytest.mark.parametrize(("name", "attack"), _ATTACKS, ids=[f"{name}: {attack}" for name, attack in _ATTACKS])
def test_attacks_keep_the_rule(name: str, attack: str) -> None:
    check(TARGETS[name], attacks_on(name)[attack])


def target_of(read: object, **settings: object) -> Target:
    return Target(name="broken", summary="a parser that breaks the rule", read=read, seeds=lambda: [b""], **settings)  # type: ignore[arg-type]


def grow(*_: object) -> None:
    bytearray(400 << 20)[:: 1 << 12] = b"x" * (400 << 8)


def loop(*_: object) -> None:
    while True:
        pass


def refuse(*problem: str) -> object:
    def read(*_: object) -> None:
        raise SpokeshaveError(Problem(*problem))

    return read


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda data, _: int(data), "ValueError"),
        (lambda *_: Path("/etc/hostname").read_bytes(), "reads /etc/hostname"),
        (lambda _, folder: (folder.parent / "x").write_bytes(b""), "writes"),
        (lambda _, folder: (folder.parent / "x").mkdir(), "writes"),
        (in_file("x", lambda path: path.rename("/tmp/spokeshave-outside")), "writes"),
        (lambda *_: subprocess.run(["true"], check=False), "starts true"),
        (grow, "300 MB"),
        (loop, "more seconds"),
        (refuse("x", "", ""), "without place"),
        (refuse("", "", ""), "without place"),
        (refuse("x", "is wrong", ""), "without place"),
    ],
)
def test_a_broken_rule_is_found(read: object, message: str) -> None:
    with pytest.raises(BrokenRuleError, match=message):
        check(target_of(read), b"x", seconds=1)


def test_an_error_with_place_and_remedy_is_a_refusal() -> None:
    assert not check(target_of(refuse("x", "is wrong", "Correct it.")), b"")
    assert not check(target_of(lambda data, _: int(data), errors=(ValueError,)), b"x")
    assert check(target_of(lambda data, _: int(data), errors=(ValueError,)), b"1")


def test_a_fault_is_minimised() -> None:
    assert minimised(b"abcXdefghXi" * 40, lambda data: data.count(b"X") >= 2, 10) == b"XX"
