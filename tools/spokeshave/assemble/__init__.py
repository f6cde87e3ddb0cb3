"""The commands `spokeshave assemble` and `spokeshave metadata`: an unrepaired wheel from pyproject.toml and files."""
