"""Build a wheel with a project's own build backend (PEP 517), for a platform that may not be this machine's.

    PYTHON backend.py REQUEST.json [--jobs N]

PYTHON is the CPython that the backend runs on. It has the feature version of the wheel's ABI (`3.12`, `3.13t`) and runs
on this machine. `target_python.py` and `backend_hook.py` lie next to this program: the former makes the Pythons of the
build describe the target, the latter calls the backend in one of them. `--jobs` is an argument and not a part of the
request, so that it can be `{pants_concurrency}`, which Pants does not make part of a process' key.

The program uses the standard library only. It accesses no network, installs nothing, and runs neither pip nor a virtual
environment: packages are read where they lie. The folders above the working directory do not enter the wheel.

REQUEST.json is an object. All paths are relative to the working directory, the sandbox:

where (str): The subject of messages, such as `the target //a:wheel`.
source (str): The folder of the project, with `pyproject.toml` or `setup.py`. Its files may be replaced and added to.
output (str): The folder for results, which is created.
packages (str): The folder of the build requirements for *this machine* and PYTHON, as `sandbox/packages.py` lays them
    out: a folder for each distribution, named as its wheel file (`setuptools-84.2.1-py3-none-any.whl`), with the
    unpacked files.
requirements (str): The name of the requirements file that pins the packages, for messages.
overlays (list of str): Folders like `packages`, with packages of the *target*. Their files are laid over those of the
    distribution with the same name in `packages`, in this order: headers, static libraries, `.pc`, `.pxd` and `.cmake`
    files. Native modules among them are left out. Files of distributions that `packages` lacks are ignored.
foreign (str): The folder of the compiler driver for the target (`__foreign`): `bin/`, `toolchain.cmake`,
    `meson-cross.ini.in`.
prefixes (list of str): Install trees of C and C++ projects for the target (`include`, `lib`, `lib/cmake`,
    `lib/pkgconfig`), in the order of search.
facts (str): A JSON file with the facts of the target's Python: the output of `cc/foreign/python_facts.py`.
headers (str): The folder of the target's `Python.h` and `pyconfig.h`.
libraries (str or null): The folder of the import libraries of the target's Python (`python312.lib`, `python3.lib`); for
    Windows only.
config_settings (object): The backend's settings: str or list of str by name, as `pip wheel --config-settings`. They win
    over those that this program sets itself, and lists (`setup-args`) are appended to its own.
env (object): Variables for the backend, which win over all others but PATH, PYTHONPATH and those of the simulation.
version (object): `mode` and `text`. `stamped` and `baked` build the wheel with the version `text`; they differ in the
    meaning only. `own` keeps the project's version; `text` is empty.
target_platform_in_python (bool or null): Whether `sys.platform` in the backend is the target's. null decides by the
    target: it is for macOS, and not for Windows.
path (list of str): More folders for PATH, after the packages' programs and the driver's: the POSIX tools (`sh`, `make`)
    that a project needs. Of this process' own PATH only folders in the sandbox are kept.

It writes to `output`:

NAME.whl: The wheel as the backend wrote it. Its platform tag is not repaired (`linux_aarch64`).
calls.log: The calls of the compiler driver and its tools, in the driver's own format.
report.json: `backend` (str: `setuptools.build_meta`), `requires` (list: the build requirements in `pyproject.toml`),
    `asked_for` (list: those that the backend's hook asked for), `wheel` (str: its file name), `compiles`, `links` and
    `probes` (int: calls of the driver; probes are compiles and links in folders of configure checks), `refused` (list
    of str: programs of the target that the build wanted to run, which cannot run here).

Exit codes: 0 if there is a wheel; 2 if the user has to change something, with a message on stderr that says what (a
build requirement that is not pinned, a backend that cannot be used, a version that was not applied); 1 if the backend
failed, with its output on stderr. `report.json` is written in each case, as far as it is known.
"""
