"""What went wrong with Postgres, in one line that says the mend and never shows a secret.

Once connected, Postgres names its errors by code. While connecting it does not: libpq hands on the server's sentence
only. There the sentence itself is shown, and the mend beside it is the only thing that is guessed from its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout, TooManyRequests

from langgraph_quorum.orchestration.persistence.dsn import address, scrub
from langgraph_quorum.state.errors import DatabaseError

_CONNECTION_MENDS = (
    (r"no password supplied", "put the password into the DSN, or set PGPASSWORD"),
    (r"authentication failed", "check user and password of the DSN"),
    (r"database .* does not exist", "create it (createdb), or name another database in the DSN"),
    (r"role .* does not exist", "create the role, or name another user in the DSN"),
    (r"certificate", "check sslrootcert and sslmode of the DSN against the server's certificate"),
    (r"SSL|sslmode|TLS", "check sslmode of the DSN, for server and client do not agree on encryption"),
    (r"pg_hba\.conf", "allow this user, database and address in the server's pg_hba.conf"),
    (r"too many|connection slots", "close other clients, or raise max_connections"),
    (r"starting up|shutting down|recovery", "try again in a moment"),
)
_NO_ANSWER = "check that it runs, and host and port of the DSN"
_PREFIX = re.compile(r"^connection (?:failed|is bad): (?:connection to server (?:at|on) .*? failed: )?(?:FATAL:\s*)?")


def connection_fault(error: Exception, dsn: str) -> DatabaseError:
    """The error for a connection that could not be made."""
    where = address(dsn)
    if isinstance(error, TimeoutError | errors.ConnectionTimeout | PoolTimeout):
        return DatabaseError(f"Postgres at {where} does not answer in time: {_NO_ANSWER}")
    said = _PREFIX.sub("", scrub(str(error), dsn))
    for pattern, mend in _CONNECTION_MENDS:
        if re.search(pattern, said):
            return DatabaseError(f"Postgres at {where} refuses: {said}: {mend}")
    return DatabaseError(f"Postgres at {where} does not answer: {said}: {_NO_ANSWER}")


def query_fault(error: Exception, doing: str) -> DatabaseError:
    """The error for a statement that failed while `doing` something, such as `storing the run`."""
    said = _sentence(error)
    match error:
        case errors.DiskFull():
            mend = "the disk of the database is full: make room on it"
        case errors.InsufficientPrivilege():
            mend = f"the role lacks a right ({said}): let the owner of the database grant it"
        case errors.ReadOnlySqlTransaction():
            mend = "the server is read-only, probably a standby: name the primary in the DSN"
        case errors.UndefinedTable() | errors.InvalidSchemaName() | errors.UndefinedColumn():
            mend = f"the tables are missing or old ({said}): migrate the database first"
        case PoolTimeout() | TooManyRequests() | TimeoutError():
            mend = "Postgres does not answer in time: check that it runs and is not overloaded"
        case psycopg.OperationalError() | psycopg.InterfaceError():
            mend = f"the connection to Postgres failed ({said}): check that it runs, then try again"
        case _:
            mend = f"Postgres refused it: {said}"
    return DatabaseError(f"{doing}: {mend}")


@contextmanager
def database_errors(doing: str) -> Iterator[None]:
    """Turn every failure of psycopg or its pool, and a timeout, into a `DatabaseError`.

    Args:
        doing: What is attempted, as the beginning of the message.

    Raises:
        DatabaseError: The block failed in the database.
    """
    try:
        yield
    except (psycopg.Error, TimeoutError) as error:
        raise query_fault(error, doing) from error


def _sentence(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join((primary or str(error)).split())
