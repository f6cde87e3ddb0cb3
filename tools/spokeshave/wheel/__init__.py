"""The wheel format: names, members, RECORD, metadata and where files are installed."""
