"""The report of each `spokeshave` command: what the tools write as JSON and the rules read, a module per command."""
