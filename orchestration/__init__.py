"""Running it: persistence, the orchestrator and the command line."""
