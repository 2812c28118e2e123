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
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from langgraph_quorum.orchestration.persistence.dsn import address, scrub
from langgraph_quorum.state.errors import DatabaseError

_TOO_MANY = "close other clients, lower QUORUM_POOL_MAX, or raise max_connections"
_HBA = "allow this user, database and address in the server's pg_hba.conf"
_NO_TLS = "take sslmode=require out of the DSN, or switch ssl on in the server"
_CONNECTION_MENDS = (
    (r"unsupported startup parameter", "a connection pooler is in between: set QUORUM_POOL_MODE=transaction"),
    (
        r"not support(?:ed)? SSL|SSL is not enabled",
        _NO_TLS,
    ),
    (r"pg_hba\.conf.*SSL encryption", _HBA),
    (r"no encryption", "set sslmode=require in the DSN, or allow it without TLS in the server's pg_hba.conf"),
    (r"no password supplied", "put the password into the DSN, or set PGPASSWORD"),
    (r"authentication failed", "check user and password of the DSN"),
    (r"database .* does not exist", "create it (createdb), or name another database in the DSN"),
    (r"role .* does not exist", "create the role, or name another user in the DSN"),
    (r"certificate", "check sslrootcert and sslmode of the DSN against the server's certificate"),
    (r"SSL|sslmode|TLS", "check sslmode of the DSN, for server and client do not agree on encryption"),
    (r"pg_hba\.conf", _HBA),
    (r"too many|connection slots|no more connections", _TOO_MANY),
    (r"starting up|shutting down|recovery|not yet accepting|terminating", "try again in a moment"),
    (r"not currently accepting|CONNECT privilege", "let its owner GRANT CONNECT, or name another database in the DSN"),
    (r"query_wait_timeout", "the pooler has no server connection free: raise its pool size"),
)
_NO_ANSWER = "check that it runs, and host and port of the DSN"
_PREFIX = re.compile(r"^connection (?:failed|is bad): (?:connection to server (?:at|on) .*? failed: )?(?:FATAL:\s*)?")


def connection_fault(error: Exception, dsn: str) -> DatabaseError:
    """The error for a connection that could not be made."""
    where = address(dsn)
    if isinstance(error, TimeoutError | errors.ConnectionTimeout | PoolTimeout):
        return DatabaseError(f"Postgres at {where} does not answer in time: {_NO_ANSWER}")
    said = _PREFIX.sub("", _scrubbed(str(error), dsn))
    for pattern, mend in _CONNECTION_MENDS:
        if re.search(pattern, said):
            return DatabaseError(f"Postgres at {where} refuses: {said}: {mend}")
    return DatabaseError(f"Postgres at {where} does not answer: {said}: {_NO_ANSWER}")


_QUERY_MENDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (errors.UndefinedObject,),
        "a role, name or setting is unknown ({said}): check how it is spelt, or create it",
    ),
    ((errors.DiskFull,), "the disk of the database is full: make room on it"),
    ((errors.InsufficientPrivilege,), "the role lacks a right ({said}): let the owner of the database grant it"),
    (
        (errors.ReadOnlySqlTransaction,),
        "the server is read-only, probably a standby: name the primary in the DSN",
    ),
    (
        (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedColumn),
        "the tables are missing or old ({said}): migrate the database first",
    ),
    (
        (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow),
        "the server ended the connection ({said}): what is stored is kept; try again in a moment",
    ),
    ((errors.TooManyConnections,), f"the server has no connection left ({{said}}): {_TOO_MANY}"),
    (
        (errors.QueryCanceled,),
        "the server broke it off ({said}): look for what holds it up, or raise statement_timeout_s",
    ),
    (
        (errors.LockNotAvailable,),
        "another session holds a lock for too long ({said}): look for it in pg_locks, then try again",
    ),
    (
        (errors.IdleInTransactionSessionTimeout, errors.TransactionTimeout, errors.IdleSessionTimeout),
        "the server ended a connection that stood still ({said}): its transaction is not stored; try again",
    ),
    (
        (errors.SerializationFailure, errors.DeadlockDetected),
        "two transactions got in each other's way ({said}): nothing of this one is stored; try again",
    ),
    ((PoolClosed,), "its connections are closed: call it within the `with` block that opens it"),
    (
        (errors.ProgramLimitExceeded,),
        "Postgres cannot hold what is so large, or an id or name so long ({said}): give a smaller one",
    ),
    (
        (PoolTimeout, TooManyRequests, TimeoutError),
        "Postgres does not answer in time: check that it runs and is not overloaded",
    ),
    (
        (psycopg.OperationalError, psycopg.InterfaceError),
        "the connection to Postgres failed ({said}): check that it runs, then try again",
    ),
    ((Exception,), "Postgres refused it: {said}"),
)
"""The first that fits counts."""
_TENANT = "quorum.tenant"
_NO_TENANT = "tenants are kept apart here, and this session has none ({said}): set QUORUM_TENANT"


def query_fault(error: Exception, doing: str) -> DatabaseError:
    """The error for a statement that failed while `doing` something, such as `storing the run`."""
    said = _sentence(error)
    if isinstance(error, errors.UndefinedObject) and _TENANT in said:
        mend = _NO_TENANT
    else:
        mend = next(mend for kinds, mend in _QUERY_MENDS if isinstance(error, kinds))
    return DatabaseError(f"{doing}: {mend.replace('{said}', said)}")


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
    return _in_one_line(primary or str(error))


def _scrubbed(text: str, dsn: str) -> str:
    whole, lines = scrub(text, dsn), [scrub(line, dsn) for line in text.splitlines() if line.strip()]
    return "; ".join(lines) if " ".join(lines) == whole else whole  # a secret of two lines is found in the whole only


def _in_one_line(text: str) -> str:
    return "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
