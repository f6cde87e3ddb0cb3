"""A static release index: a folder of pages that a web server serves, made from release records."""
