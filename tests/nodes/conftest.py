"""Functions that hold their thread, for the tests of the thread pools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.nodes.held import Held


@pytest.fixture
async def hold() -> AsyncIterator[Callable[[], Held]]:
    """Makes functions that hold their thread, and lets them all go in the end."""
    held: list[Held] = []

    def make() -> Held:
        held.append(Held())
        return held[-1]

    yield make
    for one in held:
        one.let_go.set()
