"""The vocabulary: records, typed state, policies, pure decisions, ports and errors.

Nothing here does I/O, reads a clock or knows LangGraph's runtime: time is an argument.
"""
