"""The official saver and ours, on the same database."""

import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver


@pytest.fixture
async def saver(pool: Pool) -> GroupCommitSaver:
    return GroupCommitSaver(pool)


@pytest.fixture
async def official(pool: Pool) -> AsyncPostgresSaver:
    return AsyncPostgresSaver(pool)
