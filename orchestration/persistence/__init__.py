"""Postgres, and everything that is kept in it: server, pool, migrations, saver, leases and the register of runs."""
