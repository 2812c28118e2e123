"""A migrated database, and specialists that wait for a word."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.pool import Pool
from tests.orchestration.crews import Crew


@pytest.fixture
def database(migrated_database: str) -> str:
    return migrated_database


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_database(database) as opened:
        yield opened


@pytest.fixture
def crew() -> Crew:
    return Crew()
