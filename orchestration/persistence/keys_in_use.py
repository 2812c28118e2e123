"""Whether the keys that are given are those that the database was written with, by a sample of what is stored."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.encryption import SEALED, Encryption, key_name
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.resealable import SUBJECTS
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError, SealError

_SAMPLE = 200
"""Runs, and as many checkpoints."""

_PLACES = {subject.name: subject.place for subject in SUBJECTS}


@dataclass(frozen=True)
class KeysInUse:
    """The encryption of a database, as QUORUM_ENCRYPTION_KEYS and a sample of what is stored have it.

    Attributes:
        keys: Names of the keys that are given, the current one first; empty without the variable, None when it cannot
            be understood or used.
        stored_with: Names of the keys that the sample is sealed with; None when nothing was looked at.
        plain: Whether some of the sample is not sealed; None when nothing was looked at.
        faults: What does not fit, each with its mend.
    """

    keys: tuple[str, ...] | None
    stored_with: tuple[str, ...] | None = None
    plain: bool | None = None
    faults: tuple[tuple[str, str], ...] = ()


def given_keys(environ: Mapping[str, str]) -> KeysInUse:
    """The keys of QUORUM_ENCRYPTION_KEYS; the database is not asked."""
    try:
        keys = Keys.from_environment(environ)
        if keys is not None:
            Encryption(keys)
    except ConfigurationError as error:
        return KeysInUse(None, faults=((f"{error.field} cannot be understood", error.mend),))
    except MissingExtraError as error:
        what, _, mend = str(error).rpartition(": ")
        return KeysInUse(None, faults=((f"{KEYS_VARIABLE} is set: {what}", mend),))
    return KeysInUse(() if keys is None else tuple(keys.names))


async def keys_in_use(pool: Pool, environ: Mapping[str, str]) -> KeysInUse:
    """The same, compared with the 200 runs that changed last and 200 checkpoints.

    Args:
        pool: A pool of a migrated database.
        environ: Holds QUORUM_ENCRYPTION_KEYS, or not.

    Raises:
        DatabaseError: The database cannot be read.
    """
    given = given_keys(environ)
    async with borrowed(pool, "looking at what is encrypted") as connection:
        statement = pool.statements("keys_in_use")["sample"]
        rows = await (await connection.execute(statement, {"rows": _SAMPLE})).fetchall()
    by_key = {name: row for row in rows if (name := key_name(_envelope(row))) is not None}
    plain = any(row["envelope"] is None for row in rows)
    found = replace(given, stored_with=tuple(sorted(by_key)), plain=plain)
    if given.keys is None:
        return found
    return replace(found, faults=tuple(_faults(given.keys, by_key, _sealer(environ), plain=plain)))


def _faults(
    keys: tuple[str, ...], by_key: Mapping[str, DictRow], sealer: Encryption | None, *, plain: bool
) -> Iterable[tuple[str, str]]:
    if sealer is None:
        if by_key:
            what = f"what is stored is encrypted ({_named(by_key)}), and {KEYS_VARIABLE} is not set"
            yield what, f"set {KEYS_VARIABLE} as it is where this database is written"
        return
    if unknown := sorted(set(by_key) - set(keys)):
        what = f"what is stored is encrypted with {_named(unknown)}, which {KEYS_VARIABLE} does not hold"
        yield what, "add it as NAME:BASE64, after the key that is to be the current one"
    for name in sorted(set(by_key) & set(keys)):
        if not _opens(sealer, by_key[name]):
            what = f"the key {name!r} of {KEYS_VARIABLE} does not open what was encrypted with a key of that name"
            yield what, "give the key that it was encrypted with, and a new key a new name"
    if plain:
        mend = (
            "stop all that runs and encrypt it with `quorum db reseal --plain-allowed`; or unset"
            f" {KEYS_VARIABLE}, if this database is not meant to be encrypted"
        )
        yield f"some of what is stored is not encrypted, and refused while {KEYS_VARIABLE} is set", mend


def _opens(sealer: Encryption, row: DictRow) -> bool:
    try:
        sealer.unseal(_PLACES[row["subject"]](row), SEALED, _envelope(row))
    except SealError:
        return False
    return True


def _envelope(row: DictRow) -> bytes:
    try:
        return base64.b64decode(row["envelope"] or "", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _sealer(environ: Mapping[str, str]) -> Encryption | None:
    keys = Keys.from_environment(environ)
    return None if keys is None else Encryption(keys)


def _named(names: Iterable[str]) -> str:
    found = [repr(name) for name in names]
    return f"{'key' if len(found) == 1 else 'keys'} {', '.join(found)}"
