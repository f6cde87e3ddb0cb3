"""A remote cache for the runners of a small team: BuildGrid, kept on disk. What is here but `remote_apis` and `serve` needs
the standard library only; those two run in BuildGrid's own environment."""
