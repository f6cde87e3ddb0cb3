"""What the plugin and the tools must agree on: pure data, the standard library alone, CPython 3.9."""
