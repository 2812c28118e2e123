"""Runs that go on elsewhere are watched, cancelled, left alone; stored ones are found, copied, deleted and pruned."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration import cancelling
from langgraph_quorum.orchestration.cli.managing import cancel_run
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_end, record_start
from langgraph_quorum.orchestration.persistence.runs import StoredRun, get_run
from tests.cli.conftest import QUICK, SAMPLES, Quorum, branches_kept, complaints_in, one_complaint, wait_until
from tests.cli.going import Going
from tests.orchestration.crews import Crew

BRIEF = ("--specialist", "sentiment")
STARTS_WITHIN_S = 60.0


@pytest.fixture
def driver(quorum: Quorum, database: str) -> Iterator[Going]:
    """Another process in which two of three branches of the run `t1` have ended, and one never does."""
    arguments, program = (database, "t1"), "tests.orchestration.driven"
    with quorum.warm.start(arguments, folder=quorum.folder, environ=quorum.environ, program=program) as process:
        wait_until(lambda: branches_kept(database, "t1") == 2, process, within_s=STARTS_WITHIN_S)
        yield process


def test_ctrl_c_leaves_a_watched_run_alone(quorum: Quorum, database: str, driver: Going) -> None:
    with quorum.going("watch", "t1", "--dsn", database) as process:
        assert sum(" succeeded after " in line for _, line in zip(range(5), process.stdout, strict=False)) == 2
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert one_complaint(err) == "quorum: not watching any more: the run is left alone (quorum watch t1 --dsn ...)"
    assert driver.poll() is None
    assert quorum.json("show", "t1", "--json", "--dsn", database)["status"] == "running"


def test_a_run_is_cancelled_from_another_process_and_its_watcher_is_told(
    quorum: Quorum, database: str, driver: Going
) -> None:
    refused = quorum("delete", "t1", "--yes", "--dsn", database)
    with quorum.going("watch", "t1", "--json", "--dsn", database) as watching:
        cancelled = quorum("cancel", "t1", "--wait", "30s", "--reason", "not needed", "--dsn", database)
        out, _ = watching.communicate(timeout=60)
    again = quorum("cancel", "t1", "--dsn", database)
    shown = quorum("show", "t1", "--dsn", database)
    (listed,) = quorum.json("runs", "--status", "cancelled", "--json", "--dsn", database)

    assert refused.returncode == 2
    assert one_complaint(refused.stderr).endswith("first quorum cancel t1 --dsn ... --wait 30s")
    assert (cancelled.returncode, cancelled.stdout) == (0, "t1: cancelled, what is finished is kept\n")
    assert driver.wait(timeout=30) == 0
    assert json.loads(out.splitlines()[-1])["status"] == "cancelled"
    assert watching.returncode == 6
    assert again.stdout == "t1: was cancelled before\n"
    assert shown.stdout.startswith("cancelled, 2 of 3 branches: not needed\n")
    assert (listed["thread_id"], listed["reason"], listed["live"]) == ("t1", "not needed", False)


async def test_a_run_that_ends_before_its_driver_hears_of_it_is_said_to_have_ended(
    database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_database(database) as pool:
        await record_start(pool, "quick", workflow="w", task="t")

    async def too_late(pool: Pool, thread_id: str, **_: object) -> StoredRun:
        await record_end(pool, thread_id, "approved")
        return await get_run(pool, thread_id)

    monkeypatch.setattr(cancelling, "cancel_thread", too_late)
    codes = [await cancel_run(database, "quick", None, None) for _ in range(2)]
    assert codes == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "quick: ended before it could be cancelled: approved",
        "quick: has ended already: approved",
    ]


def test_a_run_is_stopped_from_another_process_to_go_on_later(quorum: Quorum, database: str, driver: Going) -> None:
    stopped = quorum("drain", "t1", "--wait", "30s", "--dsn", database)
    again = quorum("drain", "t1", "--dsn", database)
    assert (stopped.returncode, stopped.stdout) == (0, "t1: interrupted\n")
    assert again.stdout == "t1: interrupted\n"
    assert driver.wait(timeout=30) == 0


def test_an_analysis_is_tagged_found_copied_and_deleted(quorum: Quorum, database: str) -> None:
    dsn = ("--dsn", database)
    quorum("run", "analyse", "pep.rst", "--thread", "one", "--tag", "nightly", "--tag", "peps", "-q", *BRIEF, *dsn)
    found = quorum.json(
        "runs", "--tag", "peps", "--workflow", "document_analysis", "--newer-than", "1h", "--json", *dsn
    )
    none = quorum("runs", "--tag", "weekly", *dsn)
    steps = quorum.json("history", "one", "--json", *dsn)
    after_plan = next(step["checkpoint_id"] for step in steps if step["writers"] == ["analyzer"])
    copied = quorum("fork", "one", "--checkpoint", after_plan, "--into", "two", *dsn)
    taken = quorum("fork", "one", "--into", "two", *dsn)
    resumed = quorum("resume", "two", "-q", *dsn)
    deleted = quorum("delete", "one", "--yes", *dsn)
    unasked = quorum("delete", "two", *dsn)
    unknown = quorum("delete", "nowhere", *dsn)
    finished = quorum("fork", "two", "--into", "three", *dsn)
    edit = ("--values", '{"result": {"pep.rst": "mine"}}', "--as-node", "integrator")
    edited = quorum("fork", "two", "--into", "four", *edit, *dsn)
    misspelt = quorum("fork", "two", "--values", '{"reslt": 1}', *dsn)

    assert [(run["thread_id"], run["tags"]) for run in found] == [("one", ["nightly", "peps"])]
    assert none.stdout == "no such runs\n"
    assert (copied.returncode, copied.stdout) == (0, "two\n")
    assert "go on with: quorum resume two --dsn ..." in copied.stderr
    assert taken.returncode == 2
    assert one_complaint(taken.stderr).startswith("quorum: --into two: this thread exists")
    assert resumed.stdout.startswith("approved  quality ")
    assert deleted.stdout == "one: deleted\n"
    assert "no run is stored as thread 'nowhere'" in one_complaint(unknown.stderr)
    assert finished.stdout == "three\n"
    assert "nothing is left to do in it: take a --checkpoint of quorum history two --dsn" in finished.stderr
    assert edited.stdout == "four\n"
    assert quorum.json("show", "four", "--json", *dsn)["result"] == {"pep.rst": "mine"}
    assert misspelt.returncode == 2
    assert "--values: reslt=1: the state has no such field: did you mean 'result'?" in one_complaint(misspelt.stderr)
    assert unasked.returncode == 2
    assert one_complaint(unasked.stderr).endswith("there is no terminal to ask on: add --yes")
    assert [run["thread_id"] for run in quorum.json("runs", "--json", *dsn)] == ["four", "three", "two"]


async def test_runs_come_by_page_and_old_ones_are_pruned(quorum: Quorum, database: str) -> None:
    crew = Crew()
    crew.go.set()
    async with Orchestrator.open(crew.workflow(), database) as orchestrator:
        for name in ("a", "b", "c"):
            await (await orchestrator.start({"task": "look"}, name)).result()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return quorum(*arguments, "--dsn", database)

    first = await asyncio.to_thread(run, "runs", "--limit", "2")
    mark = first.stdout.splitlines()[-1].removeprefix("more: the same with --after ")
    second = await asyncio.to_thread(run, "runs", "--limit", "2", "--after", mark)
    told = await asyncio.to_thread(run, "prune", "--keep", "1", "--dry-run")
    thinned = await asyncio.to_thread(run, "prune", "--older-than", "0s", "--keep-latest")
    pruned = await asyncio.to_thread(run, "db", "prune", "--keep", "1")
    left = await asyncio.to_thread(run, "runs")
    shown = await asyncio.to_thread(run, "show", "c")

    assert [line.split()[0] for line in first.stdout.splitlines()] == ["thread", "c", "b", "more:"]
    assert [line.split()[0] for line in second.stdout.splitlines()] == ["thread", "a"]
    assert told.stdout == "2 runs would be deleted: a, b\n"
    assert thinned.stdout == "3 runs thinned out to the latest state: a, b, c\n"
    assert pruned.stdout == "2 runs deleted: a, b\n"
    assert [line.split()[0] for line in left.stdout.splitlines()] == ["thread", "c"]
    assert shown.stdout.startswith("approved")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (("runs", "--status", "aproved"), "--status aproved: did you mean 'approved'?"),
        (("runs", "--older-than", "5"), "--older-than 5: give a number with its unit: 90s, 15m, 2h, 7d"),
        (("runs", "--limit", "0"), "--limit 0: give a number from 1 to 1000"),
        (("prune",), "prune: say which runs: --older-than 30d, or --keep 100, or both"),
        (("prune", "--keep", "-1"), "--keep -1: give a number from 0"),
        (("prune", "--status", "intrupted"), "--status intrupted: did you mean 'interrupted'?"),
        (("prune", "--keep", "1", "--status", "running"), "--status running: a run that goes on is not pruned"),
        (("cancel", "t", "--wait", "soon"), "--wait soon: give a number with its unit"),
        (("resume", "t", "--on-busy", "steal"), "--on-busy steal: give reject, wait or take-over"),
        (("history", "t", "--limit", "5000"), "--limit 5000: give a number from 1 to 1000"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(quorum: Quorum, command: tuple[str, ...], complaint: str) -> None:
    done = quorum(*command)

    assert (done.returncode, done.stdout) == (2, "")
    assert complaints_in(done.stderr)[0].startswith(f"quorum: {complaint}")


def test_a_run_that_goes_on_elsewhere_is_taken_over_only_when_asked(quorum: Quorum, database: str) -> None:
    shutil.copytree(SAMPLES, quorum.folder / "documents")
    run = ("run", "analyse", "documents", "--thread", "busy", "--quiet", "--dsn", database, *QUICK)
    with quorum.going(*run) as first:
        wait_until(lambda: branches_kept(database, "busy") >= 1, first)
        first.send_signal(signal.SIGSTOP)  # it neither ends nor gives the thread up
        rejected = quorum("resume", "busy", "--quiet", "--dsn", database)
        taken = quorum("resume", "busy", "--quiet", "--on-busy", "take-over", "--json", "-", "--dsn", database)
        first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=60)

    assert rejected.returncode == 2
    assert "thread 'busy' is being run by process" in one_complaint(rejected.stderr)
    assert (taken.returncode, json.loads(taken.stdout)["status"]) == (0, "approved")
    assert first.returncode == 4
    assert "what is finished is kept, go on with: quorum resume busy --dsn ..." in one_complaint(err)
