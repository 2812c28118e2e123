"""Where artifacts are kept: in Postgres beside the runs that refer to them, or in a folder."""
