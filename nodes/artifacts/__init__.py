"""Large texts and data by reference: what the nodes do so that state and checkpoints stay small."""
