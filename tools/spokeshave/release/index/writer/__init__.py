"""Changes of a release index: generations of pages, and the files that they list."""
