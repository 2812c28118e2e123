"""One running server, without a database, for all tests of this folder that ask for it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.studio.server import Studio, shipped, studio_server


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The shipped graphs, `talk` and `blocking`."""
    folder = tmp_path_factory.mktemp("studio")
    shutil.copy(Path(__file__).with_name("talkers.py"), folder)
    settings: dict[str, Any] = shipped()
    settings["graphs"] |= {"talk": "./talkers.py:graph", "blocking": "./talkers.py:blocking"}
    with studio_server(folder, settings) as running:
        yield running


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[LangGraphClient]:
    """A client of that server."""
    async with get_client(url=studio.address) as connected:
        yield connected
