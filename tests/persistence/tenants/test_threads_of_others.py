"""A thread id belongs to one tenant: whoever else drives it is refused in words, and alone."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.state.errors import DatabaseError
from tests.persistence.tenants.sites import TABLES, Site, as_tenant, rows, run_graph, thread


async def test_a_lease_on_a_thread_of_another_tenant_is_refused_in_words(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises(DatabaseError, match="'of-b' belongs to another tenant: choose another thread id"):
            async with hold_lease(pool, "of-b"):
                pass


async def test_a_run_on_a_thread_of_another_tenant_is_refused_and_changes_nothing(inhabited: tuple[Site, str]) -> None:
    site, role = inhabited
    before = [rows(site.owner, table) for table in TABLES]
    async with as_tenant(site, role, "a") as pool:
        with pytest.raises((psycopg.DataError, DatabaseError), match="'of-b' belongs to another tenant"):
            await run_graph(pool, "of-b", "mine")
        assert await make_saver(pool).aget_tuple(thread("of-b")) is None
    assert [rows(site.owner, table) for table in TABLES[:1]] == before[:1]
    async with as_tenant(site, role, "b") as pool:
        kept = await make_saver(pool).aget_tuple(thread("of-b"))
    assert kept is not None
    assert kept.checkpoint["channel_values"] == {"said": "secret", "heard": ["secret"]}


async def test_a_run_on_a_thread_of_another_tenant_does_not_take_others_of_its_batch_with_it(
    inhabited: tuple[Site, str],
) -> None:
    site, role = inhabited
    async with as_tenant(site, role, "a") as pool:
        saver = make_saver(pool)
        puts = []
        for thread_id in ("of-a", "of-b", "of-a too"):
            config: RunnableConfig = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
            puts.append(saver.aput(config, empty_checkpoint(), {}, {}))
        results = await asyncio.gather(*puts, return_exceptions=True)
        assert [isinstance(result, Exception) for result in results] == [False, True, False]
        assert "'of-b' belongs to another tenant" in str(results[1])
        assert await saver.aget_tuple(thread("of-a too")) is not None


async def test_an_insert_that_an_unseen_row_would_swallow_is_refused_with_its_checkpoint(separated: Site) -> None:
    role = separated.role()
    for tenant, refused in (("b", False), ("a", True)):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"heard": [tenant]}
        checkpoint["channel_versions"] = {"heard": "1"}  # the same version for both: DO NOTHING keeps the first
        config: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        async with as_tenant(separated, role, tenant) as pool:
            saver = make_saver(pool)
            if refused:
                with pytest.raises((psycopg.DataError, DatabaseError), match="'t' belongs to another tenant"):
                    await saver.aput(config, checkpoint, {}, {"heard": "1"})
            else:
                await saver.aput(config, checkpoint, {}, {"heard": "1"})
    with psycopg.connect(separated.owner) as owner:
        assert owner.execute("SELECT DISTINCT tenant FROM checkpoint_blobs").fetchall() == [("b",)]
