"""Specialists: what a branch runs, and the ones that are shipped."""
