"""A pool of a fresh, migrated database."""

from collections.abc import AsyncIterator

import pytest

from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Empty; with our tables where the test takes a pool."""
    wanted = "migrated_database" if "pool" in request.fixturenames else "database"
    found: str = request.getfixturevalue(wanted)
    return found


@pytest.fixture
async def pool(migrated_database: str) -> AsyncIterator[Pool]:
    async with open_pool(migrated_database) as opened:
        yield opened
