"""A remote cache for the runners of a small team: BuildGrid, kept on disk. What is here needs the standard library
only, but for `remote_apis` and `serve`, which run in BuildGrid's own environment."""
