"""A remote cache for the runners of a small team, based on BuildGrid and stored on disk.

The modules need only the standard library, except `remote_apis` and `serve`, which run in BuildGrid's own environment.
"""
