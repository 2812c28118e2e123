"""The embedded server under real faults: killed holders, killed servers, many processes, odd folders."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.embedded import default_folder, embedded_postgres
from langgraph_quorum.orchestration.persistence.postmaster import living_servers

# Prints the number of rows it finds after adding one, then holds the server until its input is closed.
HOLDER = """
import asyncio, sys
from pathlib import Path
import psycopg
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres

async def main():
    async with embedded_postgres(Path(sys.argv[1])) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
            connection.execute("INSERT INTO kept DEFAULT VALUES")
            count = connection.execute("SELECT count(*) FROM kept").fetchone()[0]
            connection.execute("SELECT pg_advisory_unlock(1)")
            print(count, flush=True)
            await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""

pytestmark = pytest.mark.slow


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.02)


def start_holder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def let_go(holder: subprocess.Popen[str]) -> int:
    holder.communicate(timeout=30)
    return holder.returncode


async def answers(dsn: str) -> bool:
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        return await (await connection.execute("SELECT 6 * 7")).fetchone() == (42,)


def serves(folder: Path) -> bool:
    return bool(living_servers(folder / "data"))


@pytest.fixture
def folder(server_folder: Path) -> Path:
    return server_folder


async def test_the_server_answers_while_the_context_is_open_and_is_gone_afterwards(empty_server_folder: Path) -> None:
    async with embedded_postgres(empty_server_folder) as dsn:
        assert await answers(dsn)
        assert serves(empty_server_folder)
    assert not serves(empty_server_folder)


async def test_a_second_holder_keeps_the_server_when_the_first_lets_go(folder: Path) -> None:
    async with embedded_postgres(folder) as dsn:
        async with embedded_postgres(folder) as same:
            assert same == dsn
        assert await answers(dsn)
    assert not serves(folder)


def test_processes_that_start_at_once_share_one_server_and_the_last_stops_it(folder: Path) -> None:
    holders = [start_holder(folder) for _ in range(3)]
    counts = sorted(first_line(holder) for holder in holders)
    postmasters = [p for p in living_servers(folder / "data") if "-D" in p.cmdline()]
    assert len(postmasters) == 1
    assert counts[-1] == "3"  # three rows by three processes in one and the same database
    assert [let_go(holder) for holder in holders] == [0, 0, 0]
    assert not serves(folder)


def test_a_holder_killed_with_9_does_not_keep_the_server_running(folder: Path) -> None:
    killed = start_holder(folder)
    assert first_line(killed) == "1"
    killed.kill()
    killed.wait()
    assert serves(folder)  # nobody was left to stop it
    later = start_holder(folder)
    assert first_line(later) == "2"
    assert let_go(later) == 0
    assert not serves(folder)


def test_a_holder_that_is_an_unreaped_zombie_does_not_count_as_living(folder: Path) -> None:
    killed = start_holder(folder)
    assert first_line(killed) == "1"
    killed.kill()  # and not waited for
    later = start_holder(folder)
    assert first_line(later) == "2"
    let_go(later)
    assert not serves(folder)
    killed.wait()


def test_a_killed_postmaster_is_replaced_and_nothing_committed_is_lost(folder: Path) -> None:
    holder = start_holder(folder)
    assert first_line(holder) == "1"
    os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    later = start_holder(folder)  # at once, while backends, pid file and socket of the dead one are still there
    assert first_line(later) == "2"
    assert let_go(later) == 0
    assert let_go(holder) == 0
    assert not serves(folder)


def test_a_pid_file_whose_number_now_belongs_to_another_process_is_not_believed(folder: Path) -> None:
    holder = start_holder(folder)
    first_line(holder)
    pid_file = folder / "data" / "postmaster.pid"
    text = pid_file.read_text()
    os.kill(int(text.split()[0]), signal.SIGKILL)
    wait_until(lambda: not serves(folder))
    pid_file.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
    later = start_holder(folder)
    assert first_line(later) == "2"
    let_go(later)
    let_go(holder)


def test_a_creation_that_was_killed_half_way_is_started_over(empty_server_folder: Path) -> None:
    (empty_server_folder / "data.new" / "base").mkdir(parents=True)
    (empty_server_folder / "data.new" / "PG_VERSION").write_text("18\n")
    holder = start_holder(empty_server_folder)
    assert first_line(holder) == "1"
    assert let_go(holder) == 0


@pytest.mark.parametrize("name", ["a \"b' $HOME `c", "comma,comma", "x" * 150], ids=["quotes", "comma", "too long"])
async def test_a_folder_may_have_any_name(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / "data").rename(folder / name / "data")
    async with embedded_postgres(folder / name) as dsn:
        assert await answers(dsn)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")
async def test_as_root_a_private_home_is_opened_for_passing_but_not_for_reading(empty_server_folder: Path) -> None:
    home = empty_server_folder / "home"
    home.mkdir(mode=0o700, parents=True)
    async with embedded_postgres(home / "share" / "pg"):
        assert home.stat().st_mode & 0o777 == 0o711


async def test_the_event_loop_keeps_turning_while_the_server_starts_and_stops(empty_server_folder: Path) -> None:
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    async with embedded_postgres(empty_server_folder):
        pass
    ticking.cancel()
    assert len(gaps) > 20
    assert max(gaps) < 0.4


async def test_a_cancelled_start_leaves_no_server_behind(empty_server_folder: Path) -> None:
    async def hold() -> None:
        async with embedded_postgres(empty_server_folder):
            await asyncio.Event().wait()

    starting = asyncio.create_task(hold())
    await asyncio.to_thread(wait_until, (empty_server_folder / "lock").exists)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not serves(empty_server_folder)


def test_the_data_root_comes_from_the_environment_when_it_says_so(tmp_path: Path) -> None:
    assert default_folder({"QUORUM_DATA": str(tmp_path)}) == tmp_path / "postgres"
    assert default_folder({"QUORUM_DATA": ""}).parts[-2:] == ("langgraph-quorum", "postgres")
