"""The pinned compiler: which of its files an action reads."""
