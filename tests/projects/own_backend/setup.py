from setuptools import Extension, setup

setup(ext_modules=[Extension("own_backend._native", ["src/native.c"])])
