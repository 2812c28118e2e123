"""A pool of a fresh, migrated database, and one store of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.orchestration.persistence.artifacts.folder import FolderArtifacts
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.state.ports import ArtifactStore
from tests.artifacts.stores import KEY, ReversingSealer


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database) as opened:
        await migrate(opened)
        yield opened


@pytest.fixture(params=["memory", "folder", "sealed folder", "postgres", "sealed postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "memory":
        return MemoryArtifacts()
    sealed: Any = {"sealer": ReversingSealer(), "hash_key": KEY} if "sealed" in request.param else {}
    if "folder" in request.param:
        return FolderArtifacts(tmp_path / "artifacts", **sealed)
    return PostgresArtifacts(request.getfixturevalue("pool"), thread_id="t", **sealed)
