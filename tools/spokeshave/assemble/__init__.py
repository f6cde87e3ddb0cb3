"""`spokeshave assemble` and `spokeshave metadata`: an unrepaired wheel from pyproject.toml and a tree of files."""
