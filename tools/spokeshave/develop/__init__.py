"""Developer installs: native files in the source tree, and a virtual environment that imports from it."""
