"""Merging: many results of unequal quality made one, as plain functions that need no graph."""
