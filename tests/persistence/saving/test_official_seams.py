"""What ours overrides of the official saver is private there: when it changes, this says so first."""

import inspect

from langgraph.checkpoint.postgres import base
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.rows import BlobRow, CheckpointRow, WriteRow


def parameters(owner: type, name: str) -> list[str]:
    return list(inspect.signature(getattr(owner, name)).parameters)


def test_the_overridden_methods_are_there_with_the_parameters_we_know() -> None:
    assert parameters(AsyncPostgresSaver, "_cursor") == ["self", "pipeline"]
    assert parameters(AsyncPostgresSaver, "_load_checkpoint_tuple") == ["self", "value"]
    assert parameters(AsyncPostgresSaver, "_load_blobs") == ["self", "blob_values"]
    assert parameters(AsyncPostgresSaver, "_migrate_pending_sends") == [
        "self",
        "pending_sends",
        "checkpoint",
        "channel_values",
    ]
    built = parameters(AsyncPostgresSaver, "_build_delta_channels_writes_history")
    assert {"seed_inline_by_ch", "stage2_rows"} <= set(built)


def test_no_method_of_the_official_saver_takes_its_lock_behind_our_back() -> None:
    locking = [
        name
        for owner in (AsyncPostgresSaver, base.BasePostgresSaver)
        for name, method in vars(owner).items()
        if inspect.isfunction(method) and "self.lock" in inspect.getsource(method)
    ]
    assert sorted(set(locking)) == ["__init__", "_cursor"]


def test_everything_that_writes_rows_is_ours_or_a_deletion() -> None:
    writing = {
        name
        for name, method in vars(AsyncPostgresSaver).items()
        if inspect.isfunction(method) and "UPSERT_" in inspect.getsource(method)
    }
    assert writing == {"aput", "aput_writes"}
    assert writing <= set(vars(GroupCommitSaver))


async def test_the_tables_have_the_columns_that_rows_have(official: AsyncPostgresSaver) -> None:
    async with official._cursor() as cursor:
        for table, row in (
            ("checkpoint_writes", WriteRow),
            ("checkpoint_blobs", BlobRow),
            ("checkpoints", CheckpointRow),
        ):
            await cursor.execute(f"SELECT * FROM {table} LIMIT 0".encode())
            columns = {column.name for column in cursor.description or []}
            assert columns - {"type" if table == "checkpoints" else ""} == set(row._fields)
