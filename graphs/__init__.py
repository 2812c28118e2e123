"""The wiring: builders that return ordinary, uncompiled LangGraph graphs."""
