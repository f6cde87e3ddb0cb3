from __future__ import annotations

import pytest

from spokeshave.release.conda.choice import Shape, WheelChoice, choose_wheels
from spokeshave_core.release.record import ReleaseFile

MINORS = tuple(range(9, 41))
FREE = 'python | last == "t"'


def choice_of(*tags: str, minors: tuple[int, ...] = MINORS) -> WheelChoice:
    names = [f"abacus-1.0-{tag}.whl" for tag in tags]
    files = [
        ReleaseFile(name=name, project="abacus", sha256="0" * 64, size=1, payload_sha256=None, metadata_sha256=None)
        for name in names
    ]
    return choose_wheels(files, minors)


def sources_of(choice: WheelChoice) -> dict[str, str]:
    """Return the tag of each wheel by its condition."""
    found = {
        source.condition(choice.shape): source.file.name.partition("1.0-")[2].replace(".whl", "")
        for source in choice.sources
    }
    assert len(found) == len(choice.sources)
    return found


@pytest.mark.parametrize(
    ("platform", "conditions"),
    [
        ("manylinux_2_17_x86_64", ["linux and x86_64"]),
        ("manylinux2014_i686", ["linux and x86"]),
        ("manylinux_2_17_ppc64le", ["linux and ppc64le"]),
        ("manylinux_2_31_riscv64", ["linux and riscv64"]),
        ("macosx_10_13_x86_64", ["osx and x86_64"]),
        ("macosx_11_0_universal2", ["osx and x86_64", "osx and arm64"]),
        ("win_amd64", ["win and x86_64"]),
        ("win_arm64", ["win and arm64"]),
    ],
)
def test_platform_tags_are_platforms_of_conda(platform: str, conditions: list[str]) -> None:
    choice = choice_of(f"py3-none-{platform}")
    assert choice.shape is Shape.INDEPENDENT
    assert list(sources_of(choice)) == conditions


@pytest.mark.parametrize(
    "tag", ["cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-linux_x86_64", "pp310-pypy310_pp73-win_amd64"]
)
def test_wheels_that_conda_has_no_platform_for_are_named(tag: str) -> None:
    choice = choice_of(tag, "cp312-cp312-win_amd64")
    assert list(sources_of(choice).values()) == ["cp312-cp312-win_amd64"]
    (note,) = choice.notes
    assert note.startswith(f"abacus-1.0-{tag}.whl: ")


def test_the_lowest_floor_is_taken() -> None:
    choice = choice_of("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64")
    assert list(sources_of(choice).values()) == ["cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"]
    (note,) = choice.notes
    assert "manylinux_2_28_x86_64.whl: " in note
    assert note.endswith("left out on linux-64")


@pytest.mark.parametrize("tag", ["cp312-cp312-win_amd64", "py3-none-any"])
def test_the_last_build_is_taken(tag: str) -> None:
    choice = choice_of(tag, f"2-{tag}", f"10-{tag}", f"10a-{tag}")
    assert list(sources_of(choice).values()) == [f"10a-{tag}"]
    left_out = {note.partition("-1.0-")[2].partition(".whl")[0] for note in choice.notes}
    assert left_out == {tag, f"2-{tag}", f"10-{tag}"}


def test_the_floor_comes_before_the_build() -> None:
    choice = choice_of("2-cp312-cp312-manylinux_2_28_x86_64", "1-cp312-cp312-manylinux_2_17_x86_64")
    assert list(sources_of(choice).values()) == ["1-cp312-cp312-manylinux_2_17_x86_64"]


def test_a_wheel_of_one_processor_comes_before_a_universal_one() -> None:
    choice = choice_of("cp312-abi3-macosx_10_13_universal2", "cp312-abi3-macosx_11_0_arm64")
    assert sources_of(choice) == {
        "osx and x86_64": "cp312-abi3-macosx_10_13_universal2",
        "osx and arm64": "cp312-abi3-macosx_11_0_arm64",
    }
    assert [str(source.platform) for source in choice.sources] == ["macosx_10_13_x86_64", "macosx_11_0_arm64"]


def test_a_universal_wheel_for_an_old_macos_has_the_floor_of_arm() -> None:
    choice = choice_of("cp312-abi3-macosx_10_13_universal2")
    assert [str(source.platform) for source in choice.sources] == ["macosx_10_13_x86_64", "macosx_11_0_arm64"]


def test_each_python_has_its_wheel() -> None:
    choice = choice_of("cp312-cp312-win_amd64", "cp313-cp313-win_amd64", "cp313-cp313t-win_amd64")
    assert sources_of(choice) == {
        'win and x86_64 and match(python, "3.12.*")': "cp312-cp312-win_amd64",
        f'win and x86_64 and match(python, "3.13.*") and not ({FREE})': "cp313-cp313-win_amd64",
        f'win and x86_64 and match(python, "3.13.*") and {FREE}': "cp313-cp313t-win_amd64",
    }
    assert choice.shape is Shape.PER_PYTHON


def test_stable_abis_share_the_pythons() -> None:
    tags = ("cp310-abi3-win_amd64", "cp312-abi3-win_amd64", "cp313-cp313-win_amd64")
    assert sources_of(choice_of(*tags)) == {
        f'win and x86_64 and match(python, "3.13.*") and not ({FREE})': tags[2],
        f'win and x86_64 and match(python, ">=3.10,<3.12") and not ({FREE})': tags[0],
        f'win and x86_64 and match(python, ">=3.12") and not match(python, "3.13.*") and not ({FREE})': tags[1],
    }


def test_abi3t_serves_free_threaded_pythons() -> None:
    tags = ("cp312-abi3-win_amd64", "cp315-abi3.abi3t-win_amd64", "cp315-cp315t-win_amd64")
    assert sources_of(choice_of(*tags)) == {
        f'win and x86_64 and match(python, "3.15.*") and {FREE}': tags[2],
        f'win and x86_64 and match(python, ">=3.12,<3.15") and not ({FREE})': tags[0],
        f'win and x86_64 and match(python, ">=3.15") and not (match(python, "3.15.*") and {FREE})': tags[1],
    }


def test_pythons_that_requires_python_excludes_get_nothing() -> None:
    choice = choice_of("cp310-cp310-win_amd64", "cp39-abi3-win_amd64", minors=(11, 12))
    assert choice.minors == (11, 12)
    assert [source.file.name for source in choice.sources] == ["abacus-1.0-cp39-abi3-win_amd64.whl"]
    assert choice.notes == ("abacus-1.0-cp310-cp310-win_amd64.whl: no Python of the recipe takes it; left out",)


def test_a_python_that_is_excluded_between_others_is_skipped() -> None:
    choice = choice_of("cp310-abi3-win_amd64", "cp313-cp313-win_amd64", minors=(10, 12, 13, *range(15, 41)))
    text = 'match(python, ">=3.10") and not match(python, "3.11.*") and not match(python, "3.13.*")'
    assert choice.sources[1].python == f'{text} and not match(python, "3.14.*") and not ({FREE})'


def test_a_pure_wheel_is_for_all_and_stands_in_elsewhere() -> None:
    assert choice_of("py2.py3-none-any").shape is Shape.NOARCH
    mixed = sources_of(choice_of("py3-none-any", "cp312-cp312-win_amd64"))
    assert mixed['win and x86_64 and match(python, "3.12.*")'] == "cp312-cp312-win_amd64"
    assert mixed['win and x86_64 and not (match(python, "3.12.*"))'] == "py3-none-any"
    assert mixed["linux and aarch64"] == "py3-none-any"
