"""The page of a release index for people: what is on it, and how to install it. No script is needed to read it."""
