"""Tests of the install commands."""

from __future__ import annotations

from spokeshave.release.index.people.install import Address, hashed_requirements, project_commands, set_commands
from spokeshave.testing.people_fixtures import Page, release, release_file
from spokeshave_core.page.markup import Html
from spokeshave_core.release.record import ReleaseProject, ReleaseRecord

URL = "https://packages.example/nightly/"


def projects(version: str) -> ReleaseRecord:
    return release(
        version=version,
        projects={
            "viewer": ReleaseProject(version, (f"shapes=={version}",)),
            "shapes": ReleaseProject(version, (f"core=={version}",)),
            "core": ReleaseProject(version),
        },
    )


def commands(shown: Html) -> list[str]:
    return Page(shown.text.encode()).texts("code")


def test_a_command_installs_one_version_from_this_index() -> None:
    assert commands(project_commands(Address(url=URL), projects("1.0"), "viewer", newest=True)) == [
        f"pip install --index-url {URL}simple/ viewer==1.0",
        f"uv pip install --index {URL}simple/ viewer==1.0",
    ]


def test_of_a_candidate_uv_gets_each_required_project() -> None:
    assert commands(project_commands(Address(url=URL), projects("1.0rc1"), "viewer", newest=True)) == [
        f"pip install --index-url {URL}simple/ viewer==1.0rc1",
        f"uv pip install --index {URL}simple/ viewer==1.0rc1 shapes==1.0rc1 core==1.0rc1",
        f"pip install --index-url {URL}simple/ --pre viewer",
    ]


def test_a_whole_set_is_installed_by_version_or_constraints() -> None:
    pins = "core==1.0 shapes==1.0 viewer==1.0"
    assert commands(set_commands(Address("../../../", URL), projects("1.0"), ["viewer", "shapes", "core"])) == [
        f"pip install --index-url {URL}simple/ {pins}",
        f"uv pip install --index {URL}simple/ {pins}",
        f"pip install --index-url {URL}simple/ -c {URL}releases/geometry/1.0/constraints.txt core shapes viewer",
        f"pip install --index-url {URL}simple/ --require-hashes -r requirements.txt",
    ]


def test_without_a_url_a_script_can_fill_the_address_in() -> None:
    page = Page(project_commands(Address("../../../"), projects("1.0"), "core").text.encode())
    assert page.texts("code")[0] == "pip install --index-url INDEX/simple/ core==1.0"
    assert page.attributes("span", "data-address") == ["../../../simple/"] * 2
    explained = Address("../../../").explanation
    assert explained is not None
    assert 'INDEX/</code> stands for <a href="../../../">' in explained.text
    assert Address(url=URL).explanation is None


def test_a_version_with_an_epoch_is_quoted_for_the_shell() -> None:
    assert commands(project_commands(Address(url=URL), projects("1!2.0"), "core"))[0].endswith(" 'core==1!2.0'")


def test_the_requirements_have_the_sha256_of_each_listed_file() -> None:
    files = [release_file(name) for name in ("shapes-1.0.tar.gz", "shapes-1.0-py3-none-any.whl", "core-1.0.tar.gz")]
    hashes = sorted(file.sha256 for file in files[:2])
    assert hashed_requirements(projects("1.0"), files) == (
        f"core==1.0 \\\n    --hash=sha256:{files[2].sha256}\n"
        f"shapes==1.0 \\\n    --hash=sha256:{hashes[0]} \\\n    --hash=sha256:{hashes[1]}\n"
    )
