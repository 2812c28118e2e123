"""The orchestrator without an event loop: the same verbs, an ordinary iterator, and Ctrl-C keeps what is finished."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.orchestration.events import BranchEnded
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.orchestration.sync import SyncOrchestrator, SyncRun
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput

TASK: QuorumInput = {"task": "look"}
ENDS_WITHIN_S = 60.0


def _workflow(go: Callable[[], bool]) -> Any:
    def quick(branch: Branch) -> dict[str, object]:
        return {"answer": branch.branch_id, "confidence": 0.9}

    async def slow(branch: Branch) -> dict[str, object]:
        while not go():  # noqa: ASYNC110  told from another thread
            await asyncio.sleep(0.01)
        return quick(branch)

    policy = SyncPolicy(threshold=1.0, grace_s=0, deadline_s=60)
    return build_workflow([Specialist("quick", quick), Specialist("slow", slow)], sync=policy)


def test_a_run_is_started_looked_at_and_listed(database: str) -> None:
    with SyncOrchestrator.open(_workflow(lambda: True), database, workflow="review") as quorum:
        run = quorum.start(TASK, "t1")
        out = run.result()
        stored = quorum.get("t1")
        again = quorum.resume("t1").result()
        (listed,) = quorum.list()

    assert (run.thread_id, run.stopped) == ("t1", True)
    assert out["status"] == "approved"
    assert stored == again == out
    assert (listed.thread_id, listed.workflow, listed.status) == ("t1", "review", "approved")


def test_a_run_is_watched_with_an_ordinary_loop(database: str) -> None:
    going = threading.Event()
    with SyncOrchestrator.open(_workflow(going.is_set), database) as quorum:
        run = quorum.start(TASK, "t1")
        kinds = []
        for event in quorum.watch("t1", poll_s=0.02):
            kinds.append(event.kind)
            if isinstance(event, BranchEnded):
                going.set()  # the first one has ended, and the other one goes on until now
        last = [event["node"] for event in run.events() if event["quorum"] == "node"]

    assert kinds[0] == "run_started"
    assert kinds.count("branch_ended") == 2
    assert kinds[-1] == "run_ended"
    assert last == []


def test_who_stops_to_listen_leaves_the_run_alone(database: str) -> None:
    going = threading.Event()
    with SyncOrchestrator.open(_workflow(going.is_set), database) as quorum:
        run = quorum.start(TASK, "t1")
        for event in quorum.watch("t1", poll_s=0.02):
            if isinstance(event, BranchEnded):
                break
        assert not run.stopped
        going.set()
        assert run.result()["status"] == "approved"


def test_leaving_the_block_drains_and_what_is_finished_is_kept(database: str) -> None:
    with SyncOrchestrator.open(_workflow(lambda: False), database) as quorum:
        run = quorum.start(TASK, "t1")
        next(event for event in quorum.watch("t1", poll_s=0.02) if isinstance(event, BranchEnded))
    assert run.stopped
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum:
        assert quorum.get("t1")["status"] == "interrupted"
        out = quorum.resume("t1").result()
    assert {name: record["attempts"] for name, record in out["branches"].items()} == {"quick": 1, "slow": 1}


def test_several_threads_share_one(database: str) -> None:
    names = [f"t{number}" for number in range(4)]
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum, ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda name: quorum.start(TASK, name).result(), names))
    assert [out["thread_id"] for out in outcomes] == names
    assert {out["status"] for out in outcomes} == {"approved"}


def test_who_still_watches_in_another_thread_holds_nobody_up_who_leaves_the_block(database: str) -> None:
    seen, ended = threading.Event(), list[BaseException]()

    def watch() -> None:
        try:
            for _ in quorum.watch("t1", poll_s=ENDS_WITHIN_S * 10):
                seen.set()
        except ConfigurationError as error:
            ended.append(error)

    watching = threading.Thread(target=watch)
    with SyncOrchestrator.open(_workflow(lambda: False), database) as quorum:
        run = quorum.start(TASK, "t1")
        watching.start()
        assert seen.wait(ENDS_WITHIN_S)
    watching.join(ENDS_WITHIN_S)
    assert run.stopped
    assert [str(error).partition(":")[0] for error in ended] == ["orchestrator='closed'"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # that is what it is about
def test_a_process_that_was_forked_is_refused_and_does_not_wait_for_ever(database: str) -> None:
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum:
        child = os.fork()
        if child == 0:
            signal.alarm(round(ENDS_WITHIN_S))
            try:
                quorum.list()
            except ConfigurationError as error:
                os._exit(0 if "forked" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0


def test_errors_are_those_of_the_orchestrator(database: str) -> None:
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum:
        with pytest.raises(ThreadNotFoundError, match="nowhere"):
            quorum.get("nowhere")
        with pytest.raises(ConfigurationError, match="did you mean 'task'"):
            quorum.start({"taks": "look"})
    with pytest.raises(ConfigurationError, match="dsn"):
        SyncOrchestrator.open(_workflow(lambda: True), 5).__enter__()  # type: ignore[arg-type]


async def test_within_an_event_loop_it_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"would block the event loop: use `async with Orchestrator\.open"):
        SyncOrchestrator.open(_workflow(lambda: True)).__enter__()


@pytest.mark.parametrize(("facade", "real"), [(SyncOrchestrator, Orchestrator), (SyncRun, Run)])
def test_every_verb_has_the_parameters_and_the_words_of_the_real_one(facade: type, real: type) -> None:
    inner = {"on", "begin", "tell", "cut", "ended"}  # for a pool that is open, and of the driver
    verbs = {name for name, _ in inspect.getmembers(real, inspect.isroutine) if not name.startswith("_")} - inner

    assert verbs <= set(dir(facade))
    for name in verbs:
        ours, theirs = getattr(facade, name), getattr(real, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert ours.__doc__ == theirs.__doc__


SCRIPT = """
import signal, sys
from langgraph_quorum.orchestration.sync import SyncOrchestrator
from tests.orchestration.test_sync import TASK, _workflow

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born without it
with SyncOrchestrator.open(_workflow(lambda: False), sys.argv[1]) as quorum:
    run = quorum.start(TASK, "t1")
    for event in quorum.watch("t1", poll_s=0.02):
        print(event.kind, flush=True)
"""


def test_ctrl_c_drains(database: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert any(line == "branch_ended\n" for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ENDS_WITHIN_S)
    finally:
        process.kill()
        process.wait()

    assert err.rstrip().endswith("KeyboardInterrupt")
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum:
        stored = quorum.get("t1")
        (listed,) = quorum.list()
    assert {name: record["status"] for name, record in stored["branches"].items()} == {"quick": "succeeded"}
    assert (listed.status, listed.live) == ("interrupted", False)


def test_an_iterator_that_outlives_the_block_is_closed_without_a_word(database: str) -> None:
    with SyncOrchestrator.open(_workflow(lambda: True), database) as quorum:
        quorum.start(TASK, "t1").result()
        events = quorum.watch("t1")
        assert next(events).kind == "run_started"
    events.close()  # type: ignore[attr-defined]
