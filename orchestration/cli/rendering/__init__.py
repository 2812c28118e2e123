"""What a person sees when a run has stopped, and of the runs and the database."""
