"""A specialist: anything a user already has that can do a piece of work, with what is to be known about running it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import Runnable
from langgraph.pregel.protocol import PregelProtocol

from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.functions import is_async, require_plain, takes_one
from langgraph_quorum.state.keywords import suggesting

RESERVED_NAMES = frozenset(
    {
        "analyzer",
        "before_sync_point",
        "before_validator",
        "coordinator",
        "human_review",
        "integrator",
        "load_balancer",
        "merger",
        "sync_point",
        "validator",
    }
)
"""Names of the workflow's own nodes."""


def _positive(name: str, field: str, value: float, mend: str, *, endless: bool = False) -> None:
    if not is_number(value) or value <= 0 or (value == math.inf and not endless):
        raise ConfigurationError(f"Specialist({name!r}).{field}", value, mend)


@suggesting
@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one running branch takes.

    Attributes:
        cpu: Cores. None means: none for everything that is awaited; for a sync function a whole core at first, then as
            much as its thread is measured to take, so that blocking calls soon run side by side.
        memory_mb: Memory that is not shared with other branches.
    """

    cpu: float | None = None
    memory_mb: float = 0.0

    def __post_init__(self) -> None:
        for field, value in (("cpu", self.cpu if self.cpu is not None else 0), ("memory_mb", self.memory_mb)):
            if not is_number(value) or not 0 <= value < math.inf:
                raise ConfigurationError(f"Resources.{field}", value, "give a number from 0")


RetryOn = Callable[[BaseException], bool] | type[BaseException] | tuple[type[BaseException], ...]
"""A function of an error that says whether trying again may help, or the classes of errors where it may."""


def _are_strings(value: object) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(one, str) for one in value)


def _is_retry_on(value: object) -> bool:
    if value is None:
        return True
    classes = value if isinstance(value, tuple) else (value,)
    if all(isinstance(one, type) for one in classes):
        return all(isinstance(one, type) and issubclass(one, BaseException) for one in classes)
    return takes_one(value)


@suggesting
@dataclass(frozen=True)
class Specialist:
    """A named way to do a piece of work.

    Attributes:
        name: Of its node in the graph.
        run: An async or sync function of one `Branch`, a LangChain runnable or agent, or a compiled graph. A runnable
            gets `prepare(branch)`; without `prepare` a dict of the branch's fields, with `messages` holding the task.
        type: What kind of work it does; work items that name a type instead of a specialist are routed by it.
        source_types: Kinds of source it accepts; empty for any.
        capabilities: Further words by which it can be found.
        resources: What one running branch takes.
        timeout_s: Seconds for one attempt, above 0; `math.inf` for no limit of its own.
        attempts: Attempts at most within one round, from 1; only transient errors are tried again.
        backoff_s: Seconds before the second attempt; doubles each time, with jitter, up to `backoff_max_s`.
        backoff_max_s: Longest wait between two attempts.
        hedge_s: Seconds after which a second call is started beside the first; the first success wins, the other is
            cancelled. Each counts as an attempt in the record. None for no hedging.
        retry_on: Says whether an error is transient, instead of the shipped rule: a function of the error, or the
            exception classes that are, as in LangGraph's `RetryPolicy`. It, `prepare`, `split` and `join` are plain
            functions: an async one is refused.
        fallback: Name of the specialist that takes over when all attempts failed.
        rate_limit: Starts per second at most, over all branches of this process; None for no limit. Waiting for it does
            not count against `timeout_s`.
        expects: Top-level fields that a complete result has; completeness is measured against them.
        deterministic: The same payload always gives the same result: a success is then never done again.
        alone: Its branches never share a `Send`, whatever `bundle` says: for what keeps checkpoints of its own. Those
            of a compiled graph never do.
        prepare: Makes a runnable's input from the branch.
        split: Makes smaller payloads of a payload, for a branch that ran out of time: each is then a branch of its own.
        join: Makes one result of the results of the pieces, in their order; a list of them when left out.

    Raises:
        ConfigurationError: naming the field that is wrong.
    """

    name: str
    run: Callable[[Branch], Any] | Runnable[Any, Any]
    type: str = ""
    source_types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    resources: Resources = Resources()
    timeout_s: float = 300.0
    attempts: int = 3
    backoff_s: float = 0.5
    backoff_max_s: float = 30.0
    hedge_s: float | None = None
    retry_on: RetryOn | None = None
    fallback: str | None = None
    rate_limit: float | None = None
    expects: tuple[str, ...] = ()
    deterministic: bool = False
    alone: bool = False
    prepare: Callable[[Branch], Any] | None = None
    split: Callable[[dict[str, Any]], Sequence[dict[str, Any]]] | None = None
    join: Callable[[list[Any]], Any] = list

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name or set(self.name) & set(":|\0") or self.name[:2] == "__":
            raise ConfigurationError("Specialist.name", self.name, "give a name without ':', '|' or a leading '__'")
        if self.name in RESERVED_NAMES:
            raise ConfigurationError("Specialist.name", self.name, "the workflow has a node of that name: rename it")
        if not isinstance(self.run, Runnable) and not takes_one(self.run):
            mend = "give a function that is called with one Branch, a runnable or a compiled graph"
            raise ConfigurationError(f"Specialist({self.name!r}).run", self.run, mend)
        _positive(self.name, "timeout_s", self.timeout_s, "give seconds above 0", endless=True)
        _positive(self.name, "attempts", self.attempts, "give a whole number from 1")
        if self.attempts != int(self.attempts):
            raise ConfigurationError(f"Specialist({self.name!r}).attempts", self.attempts, "give a whole number from 1")
        _positive(self.name, "backoff_s", self.backoff_s, "give seconds above 0")
        _positive(self.name, "backoff_max_s", self.backoff_max_s, "give seconds above 0")
        if self.hedge_s is not None:
            _positive(self.name, "hedge_s", self.hedge_s, "give seconds above 0")
        if self.rate_limit is not None:
            _positive(self.name, "rate_limit", self.rate_limit, "give starts per second above 0")
        if self.fallback == self.name:
            raise ConfigurationError(f"Specialist({self.name!r}).fallback", self.name, "name another specialist")
        self._check_kinds()
        for field in ("retry_on", "prepare", "split", "join"):
            if callable(given := getattr(self, field)) and not isinstance(given, type):
                require_plain(f"Specialist({self.name!r}).{field}", given)

    def _check_kinds(self) -> None:
        mends: dict[str, tuple[str, Callable[[Any], bool]]] = {
            "retry_on": ("give a function of the error, or exception classes", _is_retry_on),
            "resources": ("give Resources(cpu=...)", lambda value: isinstance(value, Resources)),
            "type": ("give a string", lambda value: isinstance(value, str)),
            "prepare": ("give a function of the branch", lambda value: value is None or takes_one(value)),
            "split": ("give a function of the payload", lambda value: value is None or takes_one(value)),
            "join": ("give a function of a list of results", lambda value: value is list or takes_one(value)),
            **dict.fromkeys(("expects", "source_types", "capabilities"), ("give a tuple of strings", _are_strings)),
        }
        for field, (mend, is_allowed) in mends.items():
            value = getattr(self, field)
            if not is_allowed(value):
                raise ConfigurationError(f"Specialist({self.name!r}).{field}", value, mend)

    def serves(self, kind: str, source_type: str | None = None) -> bool:
        """Whether it does work of this type, on this kind of source when one is named."""
        accepts = source_type is None or not self.source_types or source_type in self.source_types
        return self.type == kind and accepts

    @property
    def is_sync(self) -> bool:
        """Whether it runs in a thread: a plain function that is neither async nor a runnable."""
        return not isinstance(self.run, Runnable) and not is_async(self.run)

    @property
    def travels_alone(self) -> bool:
        """Whether its branches never share a `Send`: LangGraph tells graphs of one task apart by their order only."""
        return self.alone or isinstance(self.run, PregelProtocol)

    @property
    def cpu(self) -> float:
        """Cores that one running branch takes."""
        return self.resources.cpu if self.resources.cpu is not None else float(self.is_sync)


def by_name(specialists: Sequence[Specialist]) -> dict[str, Specialist]:
    """Index specialists by name.

    Raises:
        ConfigurationError: when there are none, a name is taken twice, or a fallback is unknown.
    """
    if isinstance(specialists, (str, Specialist)) or not isinstance(specialists, Sequence):
        raise ConfigurationError("specialists", specialists, "give a list of Specialist(name, function)")
    if not specialists:
        raise ConfigurationError("specialists", [], "give at least one Specialist")
    index: dict[str, Specialist] = {}
    for specialist in specialists:
        if not isinstance(specialist, Specialist):
            raise ConfigurationError("specialists", specialist, "give Specialist(name, function)")
        if specialist.name in index:
            raise ConfigurationError("specialists", specialist.name, "two have this name: rename one")
        index[specialist.name] = specialist
    for specialist in specialists:
        if specialist.fallback is not None and specialist.fallback not in index:
            mend = f"name one of {', '.join(sorted(index))}"
            raise ConfigurationError(f"Specialist({specialist.name!r}).fallback", specialist.fallback, mend)
    return index
