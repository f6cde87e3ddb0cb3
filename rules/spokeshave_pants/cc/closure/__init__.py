"""The link closure: all targets that a link needs, by includes and by dependencies."""
