"""The commands `release promote` and `release compare`: a final release from a release candidate."""
