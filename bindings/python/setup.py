"""Builds the package: `build_native.py` makes its extension."""

from setuptools import setup

setup(cffi_modules=["build_native.py:ffi"])
