"""Whatever is called, in whatever groups it is written, the tables hold what the official saver would have left."""

import asyncio
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.saving import order, transaction
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.serializer import StrictSerializer
from tests.persistence.saving.drawn_calls import calls, contents

shared = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("first_rows", [1, transaction.FIRST_ROWS])
@shared
@given(made=calls, group=st.integers(1, 12))
def test_the_tables_hold_what_the_official_saver_leaves(
    database: str, made: list[Any], group: int, first_rows: int
) -> None:
    """Writes are drawn for checkpoints that never come, too: they are not held back for long here."""

    async def compare() -> None:
        async with open_database(database) as pool:
            official = AsyncPostgresSaver(pool, serde=StrictSerializer())
            ours = GroupCommitSaver(pool)
            one, other = uuid.uuid4().hex, uuid.uuid4().hex
            for call in made:
                await call.on(official, one)
            for start in range(0, len(made), group):
                await asyncio.gather(*(call.on(ours, other) for call in made[start : start + group]))
            assert await contents(pool, other) == await contents(pool, one)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "HOLD_S", 0.001)
        patch.setattr(transaction, "FIRST_ROWS", first_rows)
        asyncio.run(compare())
