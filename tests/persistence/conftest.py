"""A pool of a fresh, migrated database."""

from collections.abc import AsyncIterator

import pytest

from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database) as opened:
        await migrate(opened)
        yield opened
