"""The checkpointers that apps have: in memory, and ours on Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver


@pytest.fixture(params=["memory", "postgres"])
def dsn_or_none(request: pytest.FixtureRequest) -> str | None:
    """Of an empty database; None for the memory."""
    return str(request.getfixturevalue("database")) if request.param == "postgres" else None


@pytest.fixture
async def saver(dsn_or_none: str | None) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """One of them, empty."""
    if dsn_or_none is None:
        yield InMemorySaver()
        return
    async with open_database(dsn_or_none) as pool:
        yield GroupCommitSaver(pool)
