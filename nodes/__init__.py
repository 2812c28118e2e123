"""The work: one file per node of the workflow, and what the nodes are made of."""
