from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import default_environment

from spokeshave.requirements_file import InvalidRequirementsError, Pin, read_pins

HASH = f"sha256:{'0' * 64}"
MARKERS = {key: str(value) for key, value in default_environment().items()}


def test_pins_are_read_as_uv_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# a comment\nPyTest==8.4.2 \\\n    --hash={HASH} \\\n    --hash=sha512:{'1' * 128}\n    # via -r smoke.in\n"
        f"tomli==2.5.0 ; python_version < '3' \\\n    --hash={HASH}\n"
    )
    assert read_pins(file, MARKERS) == [Pin("pytest", "8.4.2", (HASH, f"sha512:{'1' * 128}"))]
    assert str(read_pins(file, MARKERS)[0]) == f"pytest==8.4.2 --hash={HASH} --hash=sha512:{'1' * 128}"


@pytest.mark.parametrize(
    "line",
    ["pytest==8.4.2", f"pytest>=8 --hash={HASH}", f"pytest==8.* ,<9 --hash={HASH}", "-r more.txt", "--index-url x"],
)
def test_what_is_not_pinned_and_hashed_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(InvalidRequirementsError, match=r"requirements\.txt: "):
        read_pins(file, MARKERS)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequirementsError, match="cannot be read"):
        read_pins(tmp_path / "absent.txt", MARKERS)
