"""The commands `spokeshave sdist`: sdists that CMake builds, without Pants and without Spokeshave."""
