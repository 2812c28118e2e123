"""Saying in plain words how a run came to its result, from what is stored of it."""
