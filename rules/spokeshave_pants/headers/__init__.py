"""CPython's headers for a version and platform, and the import library generated from them."""
