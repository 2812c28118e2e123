"""Artifacts in Postgres, beside the runs that refer to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from psycopg.rows import DictRow

from langgraph_quorum.nodes.artifacts.hashing import referred, verified
from langgraph_quorum.orchestration.persistence.artifacts.sealed import Seal
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.aside import carried_out_aside
from langgraph_quorum.orchestration.persistence.saving.exchange import LARGE_BYTES
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.artifacts import MOST_BYTES, ArtifactRef, check_reference
from langgraph_quorum.state.errors import ArtifactError

T = TypeVar("T")


class PostgresArtifacts:
    """Keeps artifacts in a migrated database. Sessions of different tenants share none, not even their existence.

    What a broken connection cut short is done again for up to 30 seconds: all of it may be repeated.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        sealer: Sealer | None = None,
        hash_key: bytes | None = None,
        thread_id: str | None = None,
        token: int | None = None,
    ) -> None:
        """Open a store; nothing is read or written yet.

        Args:
            pool: A pool of a migrated database.
            sealer: Encrypts what is stored; needs a `hash_key`.
            hash_key: Makes addresses keyed hashes, at least 16 bytes.
            thread_id: On whose behalf: what it puts and gets is kept until the thread is forgotten. Without one, what
                nobody else refers to may be collected.
            token: The lease's; with it, an overtaken driver cannot write.

        Raises:
            ConfigurationError: a sealer without a key, or a key that is too short.
        """
        self._pool, self._seal = pool, Seal(sealer, hash_key)
        self._thread_id, self._token = thread_id, token

    def of_thread(self, thread_id: str | None, token: int | None = None) -> PostgresArtifacts:
        """The same store on a thread's behalf; with None on nobody's."""
        seal = self._seal
        return PostgresArtifacts(
            self._pool, sealer=seal.sealer, hash_key=seal.hash_key, thread_id=thread_id, token=token
        )

    async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
        """Keep the bytes. What is there already does not travel again.

        Raises:
            ArtifactError: more than 256 MiB, or not bytes.
            LeaseLostError: the thread has been taken over.
            DatabaseError: the database cannot be used.
        """
        if isinstance(data, bytes) and len(data) > MOST_BYTES:
            mend = "keep it as a file, and its path in the state"
            raise ArtifactError(f"an artifact of {len(data)} bytes is more than Postgres should hold: {mend}")
        ref = await referred(data, media_type, self._seal.hash_key)
        if not await self._touched(ref):
            kind, stored = await self._seal.closed(ref["artifact"], data)
            values = {**self._named(ref), "kind": kind, "data": stored}
            if len(stored) < LARGE_BYTES or not await self._inserted_aside(values):
                await self._wrote("insert", values)
        return ref

    async def get(self, ref: ArtifactRef) -> bytes:
        """The bytes. Their thread refers to them from now on, whoever put them.

        Raises:
            ArtifactError: they are not there, or are not what the reference says.
            SealError: what is stored cannot be opened.
            DatabaseError: the database cannot be used.
        """
        address = check_reference(ref)["artifact"]
        row = await _patiently("reading an artifact", partial(self._found, ref))
        if row is None:
            raise ArtifactError(f"artifact {address}: not in the database: it was collected, or put into another store")
        data = await self._seal.opened(address, row["kind"], bytes(row["data"]))
        await verified(ref, data, self._seal.hash_key)
        if self._thread_id is not None and not row["referred"]:
            await self.put(data, media_type=ref["media_type"])
        return data

    async def _touched(self, ref: ArtifactRef) -> bool:
        return await self._wrote("touch", self._named(ref))

    async def _found(self, ref: ArtifactRef) -> DictRow | None:
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(self._pool.statements("artifacts")["get"], self._named(ref))
            return await cursor.fetchone()

    async def _wrote(self, statement: str, values: dict[str, Any]) -> bool:
        async def write() -> bool:
            async with self._pool.connection() as connection, connection.transaction():
                if self._thread_id is not None:
                    await hold_token(connection, self._pool, self._thread_id, self._token)
                cursor = await connection.execute(self._pool.statements("artifacts")[statement], values)
                return await cursor.fetchone() is not None

        return await _patiently(_storing(values), write)

    async def _inserted_aside(self, values: dict[str, Any]) -> bool:
        """Write large content from a thread; False when it was refused."""
        statements = [Statement(self._pool.statements("artifacts")["insert"], values)]
        if self._thread_id is not None and self._token is not None:
            tokens = {"thread_ids": [self._thread_id], "tokens": [self._token]}
            statements.insert(0, Statement(self._pool.statements("checkpoints")["demand_tokens"], tokens))

        async def insert() -> bool:
            async with self._pool.connection() as connection:
                return await carried_out_aside(connection, statements) is not None

        return await _patiently(_storing(values), insert)

    def _named(self, ref: ArtifactRef) -> dict[str, Any]:
        return {
            "hash": ref["artifact"],
            "size_bytes": ref["size_bytes"],
            "media_type": ref["media_type"],
            "thread_id": self._thread_id,
        }


async def _patiently(doing: str, statement: Callable[[], Awaitable[T]]) -> T:
    with database_errors(doing):
        return await patiently(doing, statement)


def _storing(values: dict[str, Any]) -> str:
    return f"storing an artifact of {values['size_bytes']} bytes"
