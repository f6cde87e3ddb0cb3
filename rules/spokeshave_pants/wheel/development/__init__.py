"""Tools for developers: what editors, debuggers and shells need of a build."""
