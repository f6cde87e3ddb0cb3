"""The command `release check`: what an index would refuse, before any byte is sent."""
