"""The `quorum` command. It may import everything of ours; nothing imports it."""
