"""LangGraph Studio's local server keeps its threads in our Postgres. Nothing of ours imports it; the server does."""
