"""The commands `release publish` and `release status`: the order of uploads, the journal, retries."""
