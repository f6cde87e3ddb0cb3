"""Make this Python describe the target: `sysconfig`, `platform`, `os.uname` and the suffixes of extensions."""
