from __future__ import annotations

import re
import subprocess

import pytest

from spokeshave_core.apt import MIRROR, REACH, apt_configuration, apt_sources

DUMPED = """\
Acquire "";
Acquire::http "";
Acquire::http::Proxy "address";
Acquire::https::Proxy::mirror.example "DIRECT";
Acquire::https::CAInfo "/etc/ca.pem";
Acquire::https::Verify-Peer "false";
Acquire::AllowInsecureRepositories "1";
Acquire::Check-Valid-Until "false";
Acquire::Retries "5";
"""
KEPT = [2, 3, 4, 7, 8]
TARGETS = """\
scheme://mirror.example/debian-security main
scheme://mirror.example/debian contrib
scheme://mirror.example/debian/ main
scheme://mirror.example/debian main
scheme://other.example/ubuntu main
"""


def matching(expression: str, text: str) -> list[str]:
    """The lines that `re` finds, which must be those that grep finds."""
    found = [line for line in text.splitlines() if re.match(expression, line)]
    grep = subprocess.run(["grep", "-E", expression], input=text, capture_output=True, text=True, check=False)
    assert grep.stdout.splitlines() == found
    return found


def test_only_the_access_to_mirrors_is_taken_from_the_machine() -> None:
    lines = DUMPED.splitlines()
    assert matching(REACH, DUMPED) == [lines[number] for number in KEPT]


def test_only_the_main_archive_is_a_mirror() -> None:
    assert matching(MIRROR, TARGETS) == TARGETS.splitlines()[2:4]


@pytest.mark.parametrize("setting", ["Acquire::AllowInsecureRepositories", "APT::Get::AllowUnauthenticated"])
def test_signatures_are_checked_despite_the_machines_settings(setting: str) -> None:
    text = apt_configuration("/root", "arm64", f'{setting} "true";\n')
    assert text.index(f'{setting} "true"') < text.index(f'{setting} "false"')


def test_a_machines_retries_count_before_ours() -> None:
    text = apt_configuration("/root", "arm64", 'Acquire::Retries "5";\n')
    assert text.index('Acquire::Retries "3"') < text.index('Acquire::Retries "5"')


def test_every_source_is_signed_by_debian() -> None:
    assert apt_sources("address", "trixie", "arm64", "deb", "deb-src").splitlines() == [
        f"{kind} [arch=arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] address trixie main"
        for kind in ("deb", "deb-src")
    ]
