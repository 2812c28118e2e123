"""Fan out, move on at a quorum, weigh, check, and never lose finished work."""
