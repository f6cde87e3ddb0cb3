"""The pinned compiler, and the files of it that an action reads."""
