"""Planning: measuring the work and the machine, choosing the mode, ordering the branches."""
