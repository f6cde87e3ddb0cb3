"""Release records: which files a release must have, and the sealed set."""
