"""What writing the very bytes of a run takes at least: a binary COPY into empty tables of the same shape."""

from __future__ import annotations

from benchmarks.measuring import Work
from benchmarks.postgres import LANGGRAPH_TABLES, Scene


async def copies(scene: Scene) -> tuple[Work, Work]:
    """What copies, in one transaction, all that the three tables hold now; and what empties the copy again."""
    held = {table: await _content(scene, table) for table in LANGGRAPH_TABLES}
    async with scene.pool.connection() as connection:
        for table in LANGGRAPH_TABLES:
            await connection.execute(f"DROP TABLE IF EXISTS copy_of_{table}".encode())
            await connection.execute(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)".encode())

    async def write() -> None:
        async with scene.pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            for table, data in held.items():
                async with cursor.copy(f"COPY copy_of_{table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
                    await copy.write(data)

    async def empty() -> None:
        async with scene.pool.connection() as connection:
            await connection.execute(f"TRUNCATE {', '.join(f'copy_of_{table}' for table in held)}".encode())

    return write, empty


async def _content(scene: Scene, table: str) -> bytes:
    statement = f"COPY {table} TO STDOUT (FORMAT BINARY)".encode()
    async with (
        scene.pool.connection() as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        return b"".join([bytes(data) async for data in copy])
