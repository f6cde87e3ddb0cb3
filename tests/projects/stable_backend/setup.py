import os
import sys

from setuptools import Extension, setup

stable = "STABLE_ABI" in os.environ and sys.version_info >= (3, 10)
macros = [("Py_LIMITED_API", "0x030A0000")] if stable else []

setup(
    name="stable-backend",
    version="1.0",
    packages=["stable_backend"],
    package_data={"stable_backend": ["notes.txt"]},
    ext_modules=[Extension("stable_backend._native", ["native.c"], define_macros=macros, py_limited_api=stable)],
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if stable else {},
)
