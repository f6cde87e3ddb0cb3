"""The wheel format: names, members, RECORD, metadata and installation paths."""
