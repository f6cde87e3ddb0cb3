from __future__ import annotations

from pathlib import Path

from bench.apparatus.project import Project, Rounds

_PACKAGE = 'cc_python_requirement(defines=["A"])\n'
_OWN = '__defaults__(all=dict(resolve="x"))\npython_extension()\n'


def test_a_round_reaches_files_with_defaults_of_their_own(tmp_path: Path) -> None:
    project = Project(tmp_path, "repo", jobs=1)
    files = {"BUILD": "release()\n", "src/python/BUILD": _OWN, "src/cpp/BUILD": "cc_sources()\n"}
    for name, text in {**files, "3rdparty/cpp/BUILD": _PACKAGE}.items():
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text(text)
    rounds = Rounds(project)
    rounds.next()
    number = rounds.next()
    (defaults,) = (project.root / "BUILD").read_text().splitlines()[:1]
    assert f"BENCH_ROUND={number}" in defaults
    assert f"--build-id=0x{number:016x}" in defaults
    assert defaults.endswith("extend=True)")
    assert (project.root / "BUILD").read_text() == f"{defaults}\n{files['BUILD']}"
    own, targets = _OWN.splitlines()
    assert (project.root / "src/python/BUILD").read_text() == f"{own}\n{defaults}\n{targets}\n"
    assert (project.root / "src/cpp/BUILD").read_text() == files["src/cpp/BUILD"]
