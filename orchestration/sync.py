"""The orchestrator for callers without an event loop: the real one runs on a loop in a thread of its own.

Every verb is made from the orchestrator's own, with its parameters, types and docstring.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from anyio.abc import TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal

from langgraph_quorum.orchestration.opening import closed_error
from langgraph_quorum.orchestration.orchestrator import Input_contra, Orchestrator
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")
I_co = TypeVar("I_co", covariant=True)
Given = TypeVar("Given")
C = TypeVar("C", bound=Callable[..., Any])


class _Facade(Generic[I_co]):
    """Calls what lives on the loop from a thread that has none."""

    def __init__(self, inner: I_co, portal: BlockingPortal) -> None:
        self._inner, self._portal, self._process = inner, portal, os.getpid()

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method on the loop, and wait for its answer."""
        return self._wait(functools.partial(getattr(self._inner, name), *args, **kwargs))

    def _wait(self, function: Callable[[], Any]) -> Any:
        """Call a function on the loop, and wait for its answer; one that the caller stops to wait for is cancelled."""
        _refuse_within_a_loop()
        if os.getpid() != self._process:
            mend = "a fork has neither its thread nor its connections: open one in each process"
            raise ConfigurationError("SyncOrchestrator", "called in a process that was forked", mend)
        try:
            future = self._portal.start_task_soon(function)
        except RuntimeError as error:  # the loop is gone: nothing else is refused here
            raise closed_error() from error
        try:
            return future.result()
        except CancelledError as error:  # by whoever has left the block meanwhile
            raise closed_error() from error
        except BaseException:
            future.cancel()
            raise

    def _iterate(self, name: str, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Go through what a method gives. It is called at once, and closed by whoever stops to listen."""
        return self._each(self._wait(functools.partial(_made, getattr(self._inner, name), *args, **kwargs)))

    def _each(self, events: AsyncIterator[Any]) -> Iterator[Any]:
        end = object()
        while (event := self._wait(functools.partial(_next, events, end))) is not end:
            try:
                yield event
            except GeneratorExit:
                if isinstance(events, AsyncGenerator):
                    with suppress(ConfigurationError):  # after the block nothing is left to be closed
                        self._wait(events.aclose)
                raise


def _waiting(verb: Callable[Concatenate[I_co, P], Awaitable[T]]) -> Callable[Concatenate[_Facade[I_co], P], T]:
    """The verb for a caller that waits for its answer."""

    def call(self: _Facade[I_co], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: T = self._call(verb.__name__, *args, **kwargs)
        return answer

    return _like(verb, call)


def _at_once(verb: Callable[Concatenate[I_co, P], T]) -> Callable[Concatenate[_Facade[I_co], P], T]:
    """A verb that takes no time, but belongs on the loop."""

    def call(self: _Facade[I_co], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: T = self._call(verb.__name__, *args, **kwargs)
        return answer

    return _like(verb, call)


def _iterating(
    verb: Callable[Concatenate[I_co, P], AsyncIterator[T]],
) -> Callable[Concatenate[_Facade[I_co], P], Iterator[T]]:
    """The verb for a caller that iterates."""

    def call(self: _Facade[I_co], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._iterate(verb.__name__, *args, **kwargs)

    return _like(verb, call)


def _beginning(
    verb: Callable[Concatenate[Orchestrator[Given], P], Awaitable[Run]],
) -> Callable[Concatenate[_Facade[Orchestrator[Given]], P], SyncRun]:
    """A verb that gives a run."""

    def call(self: _Facade[Orchestrator[Given]], /, *args: P.args, **kwargs: P.kwargs) -> SyncRun:
        return SyncRun(self._call(verb.__name__, *args, **kwargs), self._portal)

    return _like(verb, call)


def _like(verb: Callable[..., Any], call: C) -> C:
    """The call with the name, the words and the parameters of the verb."""
    functools.update_wrapper(call, verb)
    return call


def _opening(
    opener: Callable[P, AbstractAsyncContextManager[Orchestrator[Given]]],
) -> Callable[P, AbstractContextManager[SyncOrchestrator[Given]]]:
    """What opens an orchestrator, as an ordinary context."""

    @functools.wraps(opener)
    @contextmanager
    def opened(*args: P.args, **kwargs: P.kwargs) -> Iterator[SyncOrchestrator[Given]]:
        _refuse_within_a_loop()

        async def hold(*, task_status: TaskStatus[tuple[Orchestrator[Given], asyncio.Event]]) -> None:
            # In one task from beginning to end. A Ctrl-C of the caller is not raised in it: it would end the loop.
            async with opener(*args, **kwargs) as orchestrator:
                closing = asyncio.Event()
                task_status.started((orchestrator, closing))
                await closing.wait()

        with start_blocking_portal(name="quorum") as portal:
            held, (orchestrator, closing) = portal.start_task(hold)
            try:
                yield SyncOrchestrator(orchestrator, portal)
            finally:
                portal.call(closing.set)
                try:
                    held.result()
                finally:
                    portal.call(portal.stop, True)  # what other threads still wait for: they are told that it is closed

    return opened


class SyncRun(_Facade[Run]):
    """A run that was started or resumed. It goes on by itself; see `Run`."""

    @property
    def thread_id(self) -> str:
        """The thread."""
        return self._inner.thread_id

    @property
    def stopped(self) -> bool:
        """Whether it has come to an end, of whatever kind."""
        return self._inner.stopped

    result = _waiting(Run.result)
    late = _waiting(Run.late)
    stop = _waiting(Run.stop)
    events = _iterating(Run.events)
    drain = _at_once(Run.drain)


class SyncOrchestrator(_Facade[Orchestrator[Input_contra]], Generic[Input_contra]):
    """Runs of one graph on one database, for callers without an event loop.

    `with SyncOrchestrator.open(graph, dsn) as quorum: outcome = quorum.start({...}).result()`. Where the block ends,
    also by Ctrl-C, runs that still go on are drained: what is finished is kept. It may be used from several threads;
    those that still wait for something then are told that it is closed.

    Raises:
        ConfigurationError: on every call after the block, in a process that was forked, and from within a running event
            loop, which it would block: use `Orchestrator` there.
    """

    open = staticmethod(_opening(Orchestrator.open))

    start = _beginning(Orchestrator[Input_contra].start)
    resume = _beginning(Orchestrator.resume)
    get = _waiting(Orchestrator.get)
    list = _waiting(Orchestrator.list)
    watch = _iterating(Orchestrator.watch)
    history = _waiting(Orchestrator.history)
    explain = _waiting(Orchestrator.explain)
    remerge = _waiting(Orchestrator.remerge)
    fork = _waiting(Orchestrator.fork)
    cancel = _waiting(Orchestrator.cancel)
    expire = _waiting(Orchestrator.expire)
    delete = _waiting(Orchestrator.delete)
    prune = _waiting(Orchestrator.prune)
    drain = _waiting(Orchestrator.drain)
    artifact = _waiting(Orchestrator.artifact)
    statistics = _at_once(Orchestrator.statistics)


async def _next(events: AsyncIterator[Any], end: object) -> Any:
    return await anext(events, end)


async def _made(method: Callable[..., AsyncIterator[Any]], *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
    return method(*args, **kwargs)


def _refuse_within_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    mend = "it would block the event loop: use `async with Orchestrator.open(...)` here"
    raise ConfigurationError("SyncOrchestrator", "called within a running event loop", mend)
