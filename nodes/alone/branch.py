"""`quorum_branch`: the node of an existing graph whose branches are to be joined by a quorum."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias, cast

from langchain_core.runnables import Runnable
from langgraph.errors import GraphDrained
from langgraph.pregel.protocol import PregelProtocol
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import Command
from typing_extensions import TypedDict, Unpack

from langgraph_quorum.nodes.alone.channels import running_channels
from langgraph_quorum.nodes.alone.joining import joined
from langgraph_quorum.nodes.alone.memory import QuorumBranches, Records, SentRecord, key_of, sent_before
from langgraph_quorum.nodes.alone.worker import called_by
from langgraph_quorum.nodes.branching.branch import branch_node
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.rendezvous import Meeting
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.specialists.specialist import RESERVED_NAMES, Resources, RetryOn, Specialist
from langgraph_quorum.nodes.verdicts import conclude
from langgraph_quorum.state.branch import Branch, Bundle, Condition
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, SyncDecision
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.words import suggestion

Worker: TypeAlias = Callable[..., Any] | Runnable[Any, Any]
"""What `add_node` takes: a function of a `Send`'s payload, a runnable or a compiled graph."""


class Persistence(TypedDict, total=False):
    """How a worker is asked; each as `Specialist` says."""

    timeout_s: float
    attempts: int
    backoff_s: float
    backoff_max_s: float
    hedge_s: float | None
    retry_on: RetryOn | None
    rate_limit: float | None
    resources: Resources


class Sent(Bundle):
    """The payload of one `Send` of `fan_out`."""

    node: str
    """For which quorum branch it is."""


class QuorumBranch:
    """A node's function, made by `quorum_branch`. Sent to with `fan_out`."""

    def __init__(self, name: str, specialists: Mapping[str, Specialist], crew: Crew) -> None:
        self.__name__: str = name
        self.crew: Crew = crew
        self.terms: Terms = Terms(specialists, crew.points, crew.conditions, crew.resources)
        self.specialist: Specialist = next(iter(specialists.values()))
        self._node = branch_node(self.specialist.name, crew, self._written)

    # LangGraph reads the annotation of `state`: that is how the graph comes by its channel `branches`.
    async def __call__(self, state: QuorumBranches, *, runtime: Runtime[Any]) -> Any:
        """The workers' updates, each for itself, and their records.

        Raises:
            PlanError: it was not sent to with `fan_out`.
        """
        self._check(state)
        return await self._node(cast("Sent", state), runtime=runtime)

    def _check(self, state: Any) -> None:
        if not isinstance(state, dict) or "node" not in state or "wave" not in state:
            raise PlanError(
                f"node {self.__name__!r} is a quorum branch, and was reached by an edge or a Send that is not of"
                " fan_out: return fan_out(branch, payloads) from the conditional edge before it"
            )
        if state["node"] != self.__name__:
            raise PlanError(
                f"a quorum branch has the name {self.__name__!r} and is the node of {state['node']!r}:"
                " give quorum_branch the name that its node has in add_node"
            )

    def _written(self, bundle: Bundle, records: Mapping[str, BranchRecord], meeting: Meeting) -> Any:
        if len(records) > 1 and any(record["release"] == "drained" for record in records.values()):
            # They are to run again when the run goes on, so the task must not count as done.
            raise GraphDrained(get_runtime().drain_reason or "drained")
        updates: list[Any] = []
        own = cast("Mapping[str, SentRecord]", records)  # nobody else has them: copies would cost more
        node, fan_out = self.__name__, bundle["wave"]["run"]
        for call in bundle["calls"]:
            record = own[call["item"]["branch_id"]]
            record["node"], record["fan_out"] = node, fan_out
            held = record["result"]
            if held is not None:
                updates += held.updates
                record["result"] = held.result
            meeting.left.append((call["order"], record))
        kept = self._taken_along(meeting, len(bundle["calls"]))
        updates = joined(updates, running_channels()) if len(updates) > 1 else updates
        if not updates:
            return {"branches": kept} if kept else None
        if len(updates) == 1 and type(updates[0]) is dict:
            return {**updates[0], "branches": kept} if kept else updates[0]
        return [*updates, Command(update={"branches": kept})]

    def _taken_along(self, meeting: Meeting, count: int) -> dict[str, SentRecord]:
        """The records to write now, in the order of the fan-out.

        Each write of a task costs LangGraph a look at all writes of the superstep. Where nothing is known after a crash
        anyway, the last branch writes the records of all.
        """
        if not meeting.lasts and not meeting.is_last(count):
            return {}
        left, meeting.left = sorted(meeting.left, key=itemgetter(0)), []
        return {key_of(self.__name__, record["branch_id"]): record for _, record in left}

    def decisions(self, branches: Records) -> dict[str, SyncDecision]:
        """How this node's latest fan-out has ended, for the nodes behind it.

        Args:
            branches: The state's `branches`.

        Returns:
            The decision of each sync point that counted any branch, by its name: its reason, the branches that
            succeeded in time, the others, and whether that was enough: `timeout_recovery` says no.
        """
        own = [record for record in branches.values() if record["node"] == self.__name__]
        latest = max((record["round"] for record in own), default=0)
        by_point: dict[str, list[BranchRecord]] = {}
        for record in own:
            for point in record["points"] if record["round"] == latest else ():
                by_point.setdefault(point, []).append(record)
        policies = self.crew.points.applied(_context()).policies
        return {name: conclude(policies[name], latest, records, records) for name, records in by_point.items()}


def quorum_branch(
    worker: Worker,
    sync: SyncPolicy | Sequence[SyncPolicy] | None = None,
    *,
    name: str | None = None,
    fallback: Worker | None = None,
    conditions: Mapping[str, Condition] | None = None,
    capacities: Mapping[str, float] | None = None,
    **persistence: Unpack[Persistence],
) -> QuorumBranch:
    """Make the worker of a fan-out one whose branches are joined by a quorum.

    Args:
        worker: What `add_node` was given so far: an async or sync function of a `Send`'s payload, with `config`,
            `runtime`, `writer` and `store` as LangGraph fills them in; a runnable; a compiled graph. It returns an
            update of the state, a `Command`, or None.
        sync: When the node behind the branches runs; a list for several named sync points.
        name: Of the node in `add_node`; the worker's own name when left out, as there.
        fallback: A worker that takes over when all attempts of the first have failed.
        conditions: What `when` of a work item may name.
        capacities: What `resources` of a work item may name, and how much of it there is.
        **persistence: How the worker is asked: `timeout_s`, `attempts`, `backoff_s`, `backoff_max_s`, `hedge_s`,
            `retry_on`, `rate_limit`, `resources`, each as in `Specialist`.

    Returns:
        The node's function for `add_node`, to be named in `fan_out`.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    if not callable(worker) and not isinstance(worker, Runnable):
        raise ConfigurationError("worker", worker, "give the node's function, a runnable or a compiled graph")
    found = _name_of(worker) if name is None else name
    for option, value in persistence.items():
        if option not in Persistence.__annotations__:
            raise ConfigurationError(option, value, suggestion(option, Persistence.__annotations__))
    points = Points.of(sync)
    for policy in points.policies.values():
        _check_policy(policy)
    specialists = _specialists(worker, found, fallback, persistence)
    meter = CpuMeter()
    seats = {
        # An update is kept as it is: what is kept of it in JSON has been made beside it.
        one: dataclasses.replace(Seat.of(specialist, meter), kept=_as_it_is)
        for one, specialist in specialists.items()
    }
    crew = Crew(seats, points, _unscored, conditions or {}, capacities or {}, remembered=sent_before)
    return QuorumBranch(found, specialists, crew)


def _name_of(worker: Any) -> str:
    found = worker.get_name() if isinstance(worker, Runnable) else getattr(worker, "__name__", None)
    if not found:
        raise ConfigurationError("name", None, "the worker has no name of its own: give the one of its node")
    return str(found)


def _check_policy(policy: SyncPolicy) -> None:
    for field, value, allowed, mend in (
        ("on_straggler", policy.on_straggler, ("cancel", "abandon"), "only build_workflow takes late results in"),
        ("on_question", policy.on_question, ("block",), "only build_workflow works late answers in: leave it out"),
        ("min_quality", policy.min_quality, (0,), "only build_workflow scores results: leave it out"),
        ("types", tuple(policy.types), ((),), "one node is of one type: name branches"),
    ):
        if value not in allowed:
            raise ConfigurationError(f"SyncPolicy.{field}", value, mend)


def _specialists(worker: Any, name: str, fallback: Any, persistence: Persistence) -> dict[str, Specialist]:
    own = f"{name}_worker" if name in RESERVED_NAMES else name
    graph = isinstance(worker, PregelProtocol) or isinstance(fallback, PregelProtocol)
    if fallback is not None and not callable(fallback) and not isinstance(fallback, Runnable):
        raise ConfigurationError("fallback", fallback, "give a worker: a function, a runnable or a compiled graph")
    second = None if fallback is None else f"{name}_fallback"
    made = [Specialist(own, called_by(worker, own, "worker"), fallback=second, alone=graph, **persistence)]
    if second is not None:
        spared: Persistence = {**persistence, "hedge_s": None, "rate_limit": None}
        made.append(Specialist(second, called_by(fallback, second, "fallback"), alone=graph, **spared))
    return {specialist.name: specialist for specialist in made}


def _as_it_is(value: Any) -> Any:
    return value


def _unscored(_specialist: Specialist, _branch: Branch, _value: Any) -> None:
    """Nothing is measured: what is good enough is for the graph behind to say."""


def _context() -> Any:
    try:
        return get_runtime().context
    except RuntimeError:  # not in a run
        return None
