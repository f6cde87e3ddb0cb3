"""Projects with a build system of their own, built once per platform."""
