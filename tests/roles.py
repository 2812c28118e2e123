"""Roles of a test's own on the server that all tests of a process share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def login_role(database: str) -> Iterator[str]:
    """A role that may connect and nothing else; its name has to be quoted. Dropped with what it has in this database.

    Args:
        database: The connection string of the database's owner.
    """
    name = f"role-{uuid.uuid4().hex}"
    role = sql.Identifier(name)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        yield name
        owner.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(role))
        owner.execute(sql.SQL("DROP ROLE {}").format(role))
