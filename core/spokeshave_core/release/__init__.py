"""Releases: the record, and what each command of a release reports; the texts that state a version."""
