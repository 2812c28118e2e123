"""LangGraph's public suite for savers: ours passes all of it that the official one takes."""

from collections.abc import AsyncGenerator, Callable

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from tests.persistence.saving.toy_sealer import ToySealer

Make = Callable[[Pool], BaseCheckpointSaver[str]]


async def passed_by(name: str, pool: Pool, make: Make) -> tuple[set[str], set[str]]:
    """Names of the tests that passed, and of those that failed."""

    @checkpointer_test(name=name)
    async def registered() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE checkpoints, checkpoint_blobs, checkpoint_writes")
        yield make(pool)

    report = await validate(registered)
    failed = {failure for result in report.results.values() for failure in result.failures}
    counted = {
        f"{capability}: {result.tests_passed}" for capability, result in report.results.items() if result.detected
    }
    return counted, failed


@pytest.mark.parametrize(
    "make",
    [
        GroupCommitSaver,
        lambda pool: GroupCommitSaver(pool, relaxed_writes=True),
        lambda pool: GroupCommitSaver(pool, sealer=ToySealer()),
    ],
    ids=["plain", "relaxed", "sealed"],
)
async def test_the_public_suite_passes_as_for_the_official_saver(pool: Pool, make: Make) -> None:
    official, _ = await passed_by("official", pool, AsyncPostgresSaver)
    ours, failed = await passed_by("ours", pool, make)
    assert failed == set()
    assert ours == official
    assert len(ours) >= 6  # put, put_writes, get_tuple, list, delete_thread, prune
