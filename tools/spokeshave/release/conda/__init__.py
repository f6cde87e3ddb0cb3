"""Recipes for conda packages of a release."""
