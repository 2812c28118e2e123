"""Checks of a merged result: what was found wanting, where, and in whose answer."""
