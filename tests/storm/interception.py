"""The hooks in a driver's process: it kills itself at the moment it was told, and writes down what it was promised.

Every exchange with Postgres goes through `AsyncConnection.wait`, whoever talks: lease, register, migrations, and the
saver when it reads. What it writes goes through its `Line`, or, when that is large, through `exchange` in a thread.
Making a connection does not; that is what delays are for.
"""

from __future__ import annotations

import functools
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_config
from langgraph.graph import StateGraph

from langgraph_quorum.orchestration.persistence.saving import aside
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement
from tests.crashes.ledger import Kind, Ledger, key_of
from tests.storm.moments import Counted, Moment, When

TRANSACTION: tuple[Counted, ...] = ("trip", "commit")
"""What a transaction counts as that goes to the server and back at one go."""


class Fate:
    """Counts what happens in this process, and ends it with -9 when its moment has come."""

    def __init__(self, moment: Moment | None) -> None:
        self.counts: Counter[str] = Counter()
        self._moment = moment

    def begins(self, counted: Counted) -> int:
        """One more of these; its number."""
        self.counts[counted] += 1
        self.comes(counted, self.counts[counted], "before")
        return self.counts[counted]

    def comes(self, counted: Counted, number: int, when: When) -> None:
        """This is how far it has got."""
        if self._moment == Moment(counted, number, when):
            os.kill(os.getpid(), signal.SIGKILL)


def watch_connections(fate: Fate) -> None:
    """Count every round trip of every connection of this process."""
    original = psycopg.AsyncConnection.wait

    @functools.wraps(original)
    async def wait(self: Any, gen: Any, *args: Any, **kwargs: Any) -> Any:
        return await original(self, _watched(gen, fate), *args, **kwargs)

    psycopg.AsyncConnection.wait = wait  # type: ignore[method-assign]
    _watch_lines(fate)
    setattr(aside, "exchange", functools.partial(_exchanged, fate))  # noqa: B010


def _watch_lines(fate: Fate) -> None:
    """Count what savers write from the event loop, each a transaction in one round trip."""
    begin, answers = Line.begin, Line.answers
    under_way: WeakKeyDictionary[Line, Mapping[Counted, int]] = WeakKeyDictionary()

    def begun(self: Line, statements: Sequence[Statement]) -> None:
        numbers = {one: fate.begins(one) for one in TRANSACTION}
        begin(self, statements)
        under_way[self] = numbers
        _tell(fate, numbers, "sent")

    def answered(self: Line) -> list[int] | None:
        counts = answers(self)
        if counts is not None:
            _tell(fate, under_way.pop(self), "after")
        return counts

    Line.begin, Line.answers = begun, answered  # type: ignore[method-assign]


def _exchanged(fate: Fate, *what: Any, is_stopped: Callable[[], bool], **settings: Any) -> list[int]:
    """A transaction in one round trip. It first looks whether to stop when it waits, with everything sent."""
    numbers = {one: fate.begins(one) for one in TRANSACTION}
    sent = False

    def is_stopped_now() -> bool:
        nonlocal sent
        if not sent:
            sent = True
            _tell(fate, numbers, "sent")
        return is_stopped()

    counts = exchange(*what, is_stopped=is_stopped_now, **settings)
    _tell(fate, numbers, "after")
    return counts


def _watched(gen: Generator[Any, Any, Any], fate: Fate) -> Generator[Any, Any, Any]:
    """The same exchange. What is first waited for is the answer: by then everything is sent."""
    counted: Sequence[Counted] = TRANSACTION if getattr(gen, "__qualname__", "").endswith("_exit_gen") else ("trip",)
    numbers = {one: fate.begins(one) for one in counted}
    step = functools.partial(next, gen)
    sent = False
    while True:
        try:
            waiting_for = step()
        except StopIteration as stop:
            _tell(fate, numbers, "after")
            return stop.value
        if not sent:
            sent = True
            _tell(fate, numbers, "sent")
        try:
            step = functools.partial(gen.send, (yield waiting_for))
        except GeneratorExit:
            gen.close()
            raise
        except BaseException as error:  # noqa: BLE001  whatever it is, it is the exchange's own to deal with
            step = functools.partial(gen.throw, error)


def _tell(fate: Fate, numbers: Mapping[Counted, int], when: When) -> None:
    for counted, number in numbers.items():
        fate.comes(counted, number, when)


def watch_savers(folder: Path) -> None:
    """Write down, for each thread, the branches of which a saver said that they are stored."""
    compiled = StateGraph.compile

    @functools.wraps(compiled)
    def compile_watched(self: Any, checkpointer: Any = None, **settings: Any) -> Any:
        if isinstance(checkpointer, BaseCheckpointSaver):
            _watch(checkpointer, folder)
        return compiled(self, checkpointer, **settings)

    StateGraph.compile = compile_watched  # type: ignore[method-assign]


def _watch(saver: BaseCheckpointSaver[Any], folder: Path) -> None:
    stored = saver.aput_writes

    @functools.wraps(stored)
    async def aput_writes(
        config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        await stored(config, writes, task_id, task_path)
        for channel, value in writes:
            if channel == "branches":
                keys = [key_of(record["branch_id"], record["round"]) for record in value.values()]
                _append(promises(folder, config["configurable"]["thread_id"]), keys)

    saver.aput_writes = aput_writes  # type: ignore[method-assign]


def _append(path: Path, keys: Sequence[str]) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (json.dumps(keys) + "\n").encode())
    os.close(file)


def promises(folder: Path, thread: str) -> Path:
    """Where the promises of a thread stand."""
    return folder / f"{thread}.promised"


def promised(folder: Path, thread: str) -> set[str]:
    """All branches of which a saver has said that they are stored."""
    path = promises(folder, thread)
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return {key for line in lines if line.endswith("\n") for key in json.loads(line)}


class Ledgers(Ledger):
    """A ledger for each thread, told apart by the config of the run that a specialist is called in."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        self._folder, self._fate, self._open = folder, fate, dict[str, Ledger]()

    def note(self, kind: Kind, key: str, attempt: int) -> None:
        thread = get_config()["configurable"]["thread_id"]
        if thread not in self._open:
            self._open[thread] = Ledger(ledger_of(self._folder, thread))
        number = self._fate.begins("line")
        self._open[thread].note(kind, key, attempt)
        self._fate.comes("line", number, "after")


def ledger_of(folder: Path, thread: str) -> Path:
    """Where the ledger of a thread stands."""
    return folder / f"{thread}.ledger"
