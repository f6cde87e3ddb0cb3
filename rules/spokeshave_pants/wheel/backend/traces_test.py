"""Tests of what is shown of the output of a build."""

from __future__ import annotations

from spokeshave_pants.wheel.backend.traces import readable

_SITE = "/tmp/pants-sandbox-Ab12/__build/lib/python3.12/site-packages"
_STACK = f"""\
a.pyx:1:0: undeclared name not builtin: x
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/tmp/pants-sandbox-Ab12/__backend/spokeshave/standalone/backend/hook.py", line 242, in <module>
    raise SystemExit(main(sys.argv[1:]))
                     ^^^^^^^^^^^^^^^^^^
  File "{_SITE}/setuptools/build_meta.py", line 317, in run_setup
    exec(code, locals())
  File "<string>", line 13, in <module>
  File "/tmp/pants-sandbox-Ab12/__project/helpers/build.py", line 4, in compile_all
    check(
      everything
    )
  File "/usr/lib/python3.12/subprocess.py", line 413, in check_call
    raise CalledProcessError(
    ...<2 lines>...
    )
  [Previous line repeated 3 more times]
ValueError: a message
  of two lines
next line"""


def test_frames_of_others_are_left_out() -> None:
    assert readable(_STACK).splitlines() == [
        "a.pyx:1:0: undeclared name not builtin: x",
        "Traceback (most recent call last):",
        '  File "<string>", line 13, in <module>',
        '  File "helpers/build.py", line 4, in compile_all',
        "    check(",
        "      everything",
        "    )",
        "ValueError: a message",
        "  of two lines",
        "next line",
    ]


def test_a_stack_of_others_only_leaves_its_exception() -> None:
    stack = f'Traceback (most recent call last):\n  File "{_SITE}/a.py", line 1, in f\n    g()\nKeyError: "x"'
    chained = f"{stack}\n\nDuring handling of the above exception, another exception occurred:\n\n{stack}"
    assert readable(stack) == 'KeyError: "x"'
    assert readable(chained).count("KeyError") == 2
    assert "Traceback" not in readable(chained)


def test_an_indented_stack_is_one_too() -> None:
    stack = (
        f'  Traceback (most recent call last):\n    File "{_SITE}/a.py", line 1, in f\n      g()\n  KeyError: 1\n  x'
    )
    assert readable(stack) == "  KeyError: 1\n  x"


def test_progress_of_setuptools_is_left_out() -> None:
    progress = [
        "running build_ext",
        "creating build/temp.linux-x86_64-cpython-312/native",
        "copying src/a b.py -> build/lib/pk",
        "writing dependency_links to a.egg-info/dependency_links.txt",
        "reading manifest template 'MANIFEST.in'",
        "adding license file 'LICENSE'",
        "warning: build_py: byte-compiling is disabled, skipping.",
    ]
    kept = ["building 'pk._n' extension", "cc -c running.c", "running out of memory", "error: creating x failed"]
    assert readable("\n".join([*progress, *kept])).splitlines() == kept


def test_other_outputs_are_kept() -> None:
    text = "one\n  two\n\n    File of a listing\nTraceback: none"
    assert readable(text) == text


def test_paths_are_those_of_the_project() -> None:
    line = "cc -I/tmp/pants-sandbox-x1/__project/include -I/var/tmp/pants-sandbox-x1/__build/include: '/tmp/x.c'"
    assert readable(line) == "cc -Iinclude -I__build/include: '/tmp/x.c'"
    package = f"/tmp/immutable_inputsA1/.tmpB2/{'0a' * 32}/nanobind-3.1.0-py3-none-any.whl/nanobind/src/a.cpp"
    assert readable(f"-I{package}:3") == "-Inanobind-3.1.0-py3-none-any.whl/nanobind/src/a.cpp:3"
