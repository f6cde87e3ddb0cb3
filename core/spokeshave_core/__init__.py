"""Pure data shared by the plugin and the tools. Uses only the standard library of CPython 3.9."""
