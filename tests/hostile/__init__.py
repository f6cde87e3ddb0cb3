"""Hostile input: bytes from outside that are made to break a parser.

Each target is a parser (or several) that reads bytes from outside. The rule for all of them: an input is read, or it is
refused by an error of ours, with the place and a remedy. Never another exception, more than 10 s or 300 MB, or a path
outside.
"""
