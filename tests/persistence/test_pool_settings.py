"""The settings of a pool: their bounds, the variables that name them, and what the server is told."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import ConfigurationError


def test_the_environment_names_what_operators_set() -> None:
    environ = {
        "QUORUM_POOL_MODE": "transaction",
        "QUORUM_POOL_MAX": " 25 ",
        "QUORUM_SCHEMA": "team_a",
        "QUORUM_TENANT": "acme",
    }
    assert PoolSettings.from_environ(environ) == PoolSettings("transaction", "team_a", "acme", max_size=25)
    assert PoolSettings.from_environ({"QUORUM_POOL_MODE": "", "QUORUM_SCHEMA": " "}) == PoolSettings()


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("QUORUM_POOL_MODE", "session", "give direct, or transaction"),
        ("QUORUM_POOL_MAX", "many", "give a whole number"),
        ("QUORUM_POOL_MAX", "0", "give at least 1"),
        ("QUORUM_POOL_MAX", "-3", "give a whole number"),
        ("QUORUM_POOL_MAX", "2.5", "give a whole number"),
        ("QUORUM_SCHEMA", "Team A", "give a plain name"),
        ("QUORUM_TENANT", "a b", "give 1 to 200 letters"),
    ],
)
def test_a_wrong_variable_is_named_with_its_mend(variable: str, value: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        PoolSettings.from_environ({variable: value})
    assert str(refused.value).startswith(f"{variable}='{value}': {mend}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("preset", "session"),
        ("schema", "a-b"),
        ("schema", 'a"; DROP'),
        ("tenant", "-c search_path=x y"),
        ("min_size", -1),
        ("max_size", True),
        ("timeout_s", 0),
        ("timeout_s", float("nan")),
        ("max_lifetime_s", float("inf")),
        ("statement_timeout_s", "60"),
        ("idle_in_transaction_s", -1),
    ],
)
def test_a_field_out_of_its_bounds_is_named(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        PoolSettings(**{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field


async def shown(dsn: str, settings: PoolSettings, *names: str) -> dict[str, str]:
    async with open_pool(dsn, settings) as pool, borrowed(pool, "looking") as connection:
        rows = [await (await connection.execute(f"SHOW {name}".encode())).fetchone() for name in names]
    return {key: value for row in rows if row for key, value in row.items()}


LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")


async def test_the_server_limits_statements_and_idle_transactions_by_default(database: str) -> None:
    assert await shown(database, PoolSettings(), *LIMITS) == {
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
    }
    unlimited = PoolSettings(statement_timeout_s=None, idle_in_transaction_s=None)
    assert set((await shown(database, unlimited, *LIMITS)).values()) == {"0"}


async def test_limits_of_the_dsn_win_but_not_over_the_schema(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = f"{database} options='-c statement_timeout=5000 -c search_path=elsewhere'"
    found = await shown(own, PoolSettings(schema="team_a"), "statement_timeout", "search_path")
    assert found == {"statement_timeout": "5s", "search_path": "team_a"}
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=7000")
    assert await shown(database, PoolSettings(), "statement_timeout") == {"statement_timeout": "7s"}


async def test_the_tenant_reaches_the_policies_of_the_tables(database: str) -> None:
    assert await shown(database, PoolSettings(tenant="acme"), "quorum.tenant") == {"quorum.tenant": "acme"}


async def test_a_whole_database_is_opened_as_the_environment_says(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_SCHEMA", "team_a")
    monkeypatch.setenv("QUORUM_POOL_MAX", "3")
    async with open_database(database) as pool:
        assert (pool.schema, pool.statistics().max_size) == ("team_a", 3)
    async with open_database(database, pool=PoolSettings()) as pool:
        assert pool.schema == "quorum"
    with pytest.raises(ConfigurationError, match="pool='dict': give PoolSettings"):
        async with open_database(database, pool={"schema": "team_a"}):  # type: ignore[arg-type]
            pass


async def test_statistics_count_what_the_pool_has_done(database: str) -> None:
    async with open_pool(database, PoolSettings(min_size=2, max_size=3)) as pool:
        before = pool.statistics()
        async with borrowed(pool, "looking"):
            during = pool.statistics()
    assert (before.preset, before.max_size, before.size, before.idle, before.requests) == ("direct", 3, 2, 2, 0)
    assert (during.idle, during.requests, during.timeouts, during.connections_failed) == (1, 1, 0, 0)


async def test_an_old_connection_is_replaced(database: str) -> None:
    async def pid() -> int:
        async with borrowed(pool, "looking") as connection:
            return connection.info.backend_pid

    # A connection lasts about a millisecond, and is looked at when it comes back.
    async with open_pool(database, PoolSettings(max_lifetime_s=0.001, max_size=1)) as pool, asyncio.timeout(20):
        first = await pid()
        while await pid() == first:
            pass


async def test_a_connection_that_died_in_the_pool_is_not_handed_out(database: str) -> None:
    async with open_pool(database, PoolSettings(min_size=1, max_size=2)) as pool:
        async with borrowed(pool, "looking") as one, borrowed(pool, "killing") as other:
            await other.execute("SELECT pg_terminate_backend(%s)", (one.info.backend_pid,))
            dead = one.info.backend_pid
        for _ in range(3):
            async with borrowed(pool, "looking") as connection:
                assert connection.info.backend_pid != dead


async def test_connections_beyond_the_least_are_closed_when_nobody_has_used_them(database: str) -> None:
    async with open_pool(database, PoolSettings(max_idle_s=0.05, max_size=2)) as pool, asyncio.timeout(20):
        async with borrowed(pool, "looking"), borrowed(pool, "looking too"):
            assert pool.statistics().size == 2
        while pool.statistics().size > 1:  # noqa: ASYNC110  a pool tells nobody
            await asyncio.sleep(0.01)


async def test_a_peer_that_is_gone_is_noticed_by_default_unless_the_dsn_says_otherwise(database: str) -> None:
    async def alive(dsn: str) -> tuple[str, str]:
        async with open_pool(dsn) as pool, borrowed(pool, "looking") as connection:
            set_up = connection.info.get_parameters()
        return set_up["keepalives_idle"], set_up["tcp_user_timeout"]

    assert await alive(database) == ("30", "60000")
    assert await alive(f"{database} keepalives_idle=7") == ("7", "60000")
