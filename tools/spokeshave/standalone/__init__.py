"""Programs of one file each, of the standard library alone: what they say is in the keys of compiles and links.

They run before any package is installed, and a change to another tool makes none of their results anew.
"""
