"""The reader of docs/start.md, by which the end-to-end test follows that page, overlooks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.support.guide import GuideCommand, GuideFile, guide_steps

REPOSITORY = Path(__file__).parents[2]
START = REPOSITORY / "docs/start.md"
TEXT = """\
A word.

`a/BUILD`:

```python
python_sources()
```

```console
$ pants package a:b
wheel  cp311-...  ok
$ sleep 1 &
```
"""


def test_files_and_commands_are_in_the_order_of_the_page() -> None:
    file, package, server = guide_steps(TEXT)
    assert file == GuideFile("a/BUILD", "python_sources()\n")
    assert package == GuideCommand("pants package a:b", ("wheel  cp311-...  ok",))
    assert isinstance(server, GuideCommand)
    assert server.in_background


@pytest.mark.parametrize(
    ("output", "complete"),
    [("wheel    cp311-cp311-linux ok", True), ("wheel cp311-x FAILED", False), ("wheel\ncp312-x ok", False)],
)
def test_the_expected_output_is_compared(output: str, complete: bool) -> None:
    assert (GuideCommand("x", ("wheel  cp311-...  ok",)).missing(output) == []) == complete


@pytest.mark.parametrize("block", ["```python\nx\n```\n", "```console\nno prompt\n```\n"])
def test_a_block_that_no_test_would_run_is_an_error(block: str) -> None:
    with pytest.raises(ValueError, match=r"a block is neither|a console does not begin"):
        guide_steps(block)


def test_the_start_page_packages_tests_checks_and_publishes() -> None:
    commands = [step.command for step in guide_steps(START.read_text()) if isinstance(step, GuideCommand)]
    for goal in ("package", "test projects/wordstat:wheel", "test projects/checksum::", "check", "publish"):
        assert [command for command in commands if f"{command} ".startswith(f"pants {goal} ")], goal
    assert not [command for command in commands if "./pants" in command]


def test_the_start_page_has_an_ordinary_test_of_an_extension() -> None:
    texts = start_files()
    assert "python_tests(" in texts["projects/checksum/BUILD"]
    assert "from checksum import " in texts["projects/checksum/checksum_test.py"]


def test_the_start_page_builds_for_the_reader_s_machine() -> None:
    """Its wheels name the platform, because the default is the same on each machine."""
    wheels = [text for text in start_files().values() if "python_native_wheel(" in text]
    assert len(wheels) == 2
    assert all('platforms=["host"]' in text for text in wheels)


def test_the_start_page_pins_this_repository_s_nanobind() -> None:
    assert start_files()["3rdparty/cpp/nanobind.in"] in (REPOSITORY / "3rdparty/cpp/requirements.in").read_text()


def start_files() -> dict[str, str]:
    return {step.path: step.text for step in guide_steps(START.read_text()) if isinstance(step, GuideFile)}
