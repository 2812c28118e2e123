"""LangGraph's checkpoints in Postgres: what all branches finished meanwhile is written in one transaction."""
