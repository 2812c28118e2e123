"""The doctor compares the keys that are given with those that the database was written with."""

import base64
from collections.abc import AsyncIterator

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.health import Diagnosis, diagnose
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.register import record_start
from langgraph_quorum.orchestration.persistence.saver import make_saver
from tests.persistence.saving.toy_sealer import ToySealer

OLD, NEW, OTHER = (
    f"{name}:{base64.b64encode(byte * 32).decode()}"
    for name, byte in zip(("old", "new", "old"), (b"o", b"n", b"x"), strict=True)
)


@pytest.fixture
async def migrated(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database) as pool:
        await migrate(pool)
        yield pool


async def store(pool: Pool, thread_id: str, entry: str | None) -> None:
    """A run with one checkpoint."""
    sealer = None if entry is None else Encryption(Keys.parse(entry))
    config = RunnableConfig(configurable={"thread_id": thread_id, "checkpoint_ns": ""})
    await make_saver(pool, sealer=sealer).aput(config, empty_checkpoint(), {"step": 1}, {})


async def seen(database: str, keys: str | None) -> Diagnosis:
    return await diagnose(database, environ={} if keys is None else {KEYS_VARIABLE: keys})


@pytest.mark.parametrize(
    ("stored", "keys"),
    [
        ([], None),
        ([], NEW),
        ([None], None),
        ([OLD], OLD),
        ([OLD, NEW], f"{NEW},{OLD}"),
    ],
)
async def test_keys_that_open_all_that_is_stored_are_no_problem(
    migrated: Pool, database: str, stored: list[str | None], keys: str | None
) -> None:
    for number, entry in enumerate(stored):
        await store(migrated, f"t{number}", entry)
    assert (await seen(database, keys)).problems == ()


@pytest.mark.parametrize(
    ("stored", "keys", "told"),
    [
        (
            [OLD],
            None,
            ("is encrypted (key 'old'), and QUORUM_ENCRYPTION_KEYS is not set", "set QUORUM_ENCRYPTION_KEYS"),
        ),
        ([OLD, NEW], NEW, ("encrypted with key 'old', which QUORUM_ENCRYPTION_KEYS does not hold", "add it as NAME")),
        ([OLD], OTHER, ("the key 'old' of QUORUM_ENCRYPTION_KEYS does not open", "give the key")),
        ([OLD, None], OLD, ("not encrypted, and refused while", "quorum db reseal --plain-allowed")),
        ([], "garbled", ("QUORUM_ENCRYPTION_KEYS cannot be understood", "entry 1 is not `name:base64`")),
        ([OLD], "", ("QUORUM_ENCRYPTION_KEYS cannot be understood", "entry 1 is not `name:base64`")),
    ],
)
async def test_keys_that_do_not_fit_what_is_stored_are_a_problem_with_its_mend(
    migrated: Pool, database: str, stored: list[str | None], keys: str | None, told: tuple[str, str]
) -> None:
    for number, entry in enumerate(stored):
        await store(migrated, f"t{number}", entry)
    (problem,) = (await seen(database, keys)).problems
    assert told[0] in problem.what
    assert told[1] in problem.mend


async def test_a_run_whose_first_checkpoint_is_not_there_yet_counts_too(migrated: Pool, database: str) -> None:
    await record_start(migrated, "t", workflow="w", task="t", sealer=Encryption(Keys.parse(OLD)))
    (problem,) = (await seen(database, None)).problems
    assert "is encrypted (key 'old')" in problem.what


async def test_what_is_found_is_told_by_the_names_of_keys_only(migrated: Pool, database: str) -> None:
    await store(migrated, "one", OLD)
    await store(migrated, "two", None)
    found = await seen(database, f"{NEW},{OLD}")
    assert found.encryption is not None
    assert (found.encryption.keys, found.encryption.stored_with) == (("new", "old"), ("old",))
    assert found.encryption.plain is True
    assert OLD.partition(":")[2] not in repr(found)


async def test_malformed_keys_are_told_of_where_no_database_answers_too() -> None:
    found = await seen("postgresql://me@127.0.0.1:1/db", "garbled")
    assert [problem.what for problem in found.problems][1] == "QUORUM_ENCRYPTION_KEYS cannot be understood"


async def test_what_another_sealer_has_sealed_is_left_to_it(migrated: Pool, database: str) -> None:
    config = RunnableConfig(configurable={"thread_id": "t", "checkpoint_ns": ""})
    await make_saver(migrated, sealer=ToySealer()).aput(config, empty_checkpoint(), {"step": 1}, {})
    assert (await seen(database, None)).healthy
