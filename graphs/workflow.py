"""`build_workflow`: the whole workflow as an ordinary, uncompiled LangGraph graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, TypeAlias, TypeVar

from langchain_core.embeddings import Embeddings
from langgraph.graph import END, START, StateGraph
from typing_extensions import is_typeddict

from langgraph_quorum.graphs.insides import showing_inside
from langgraph_quorum.graphs.reviewing import add_review, way_into
from langgraph_quorum.graphs.routes import (
    after_load_balancer,
    after_sync_point,
    after_validator,
    ways_from_load_balancer,
    ways_from_sync_point,
    ways_from_validator,
)
from langgraph_quorum.nodes.analyzer import Planner, analyzer_node
from langgraph_quorum.nodes.branching.branch import branch_node
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.nodes.branching.threads import shared_pool
from langgraph_quorum.nodes.checking.check import Check, CheckFunction
from langgraph_quorum.nodes.checking.standard import checks_of
from langgraph_quorum.nodes.coordinator import FanOut, coordinator_node, dispatching
from langgraph_quorum.nodes.growth import Order
from langgraph_quorum.nodes.integrator import integrator
from langgraph_quorum.nodes.load_balancer import load_balancer_node
from langgraph_quorum.nodes.merger import merger_node
from langgraph_quorum.nodes.merging.strategies import Strategy, StrategyName, strategy_named
from langgraph_quorum.nodes.planning.bundling import BundleSize, check_bundle
from langgraph_quorum.nodes.planning.checks import Terms, check_plan
from langgraph_quorum.nodes.planning.complexity import ComplexityScale
from langgraph_quorum.nodes.planning.mode import ModeChoice, check_mode
from langgraph_quorum.nodes.planning.order import membership, ordered
from langgraph_quorum.nodes.planning.routing import created
from langgraph_quorum.nodes.planning.survey import Survey
from langgraph_quorum.nodes.scoring.scorer import Scorer, scored_by
from langgraph_quorum.nodes.specialists.specialist import Specialist, by_name
from langgraph_quorum.nodes.sync_point import sync_point_node
from langgraph_quorum.nodes.validator import validator_node, value_check
from langgraph_quorum.state.branch import Bundle, Condition
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.keywords import suggesting
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import Policies
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.thread_policy import ThreadPolicy
from langgraph_quorum.state.workflow import QuorumContext, QuorumInput, QuorumOutput, QuorumState

QuorumBuilder: TypeAlias = StateGraph[QuorumState, QuorumContext, QuorumInput, QuorumOutput]


@suggesting
@dataclass(frozen=True, slots=True)
class Tuning:
    """What a workflow may be tuned with beyond its sync policy.

    Attributes:
        policies: Thresholds of the analyzer, weights of the merger, targets of the validator.
        scale: What counts as complex.
        scorer: Measures the quality of a result; the shipped one reads stated confidence and expected fields.
        planner: Makes the work when the input holds none; without one, each specialist gets one branch.
        conditions: Functions of a branch's inputs, by the name that a work item gives in `when`.
        resources: How much there is of each counted resource, for the branches of one run together.
        bundle: How many branches may travel in one `Send`: a number, or `auto` to go by what calls are measured to
            take. None sends each alone. A crash loses what a bundle has done and not returned; a question to a human
            is asked in a fan-out of its own.
        checks: What the merged result is checked for besides the standard checks: functions of what is `Checked`, or
            `Check(function, severity=...)`. One with the name of a standard check takes its place.
        threads: The pool in which sync specialists run; None for one that all workflows of the process share.
        embeddings: Compare results of one subject by meaning, too: their agreement is part of their quality.
        input_schema: What a run takes in and a form shows, in place of `QuorumInput`: a `TypedDict` of some of its
            fields. Whatever else a run is given is dropped.
    """

    policies: Policies = field(default_factory=Policies)
    scale: ComplexityScale = field(default_factory=ComplexityScale)
    scorer: Scorer | None = None
    planner: Planner | None = None
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    bundle: BundleSize = None
    threads: ThreadPolicy | None = None
    checks: Sequence[Check | CheckFunction] = ()
    embeddings: Embeddings | None = None
    input_schema: type[Any] = QuorumInput

    def __post_init__(self) -> None:
        kinds: tuple[tuple[str, Any, str], ...] = (
            ("policies", Policies, "give Policies(...)"),
            ("scale", ComplexityScale, "give ComplexityScale(...)"),
            ("threads", (ThreadPolicy, NoneType), "give ThreadPolicy(...)"),
            ("scorer", (Callable, NoneType), "give a function of the branch and its result"),
            ("planner", (Callable, NoneType), "give an async function of the state"),
            ("conditions", Mapping, "give a dict of functions by name"),
            ("resources", Mapping, "give a dict of capacities by name"),
            ("checks", (tuple, list), "give a tuple of checks"),
            ("embeddings", (Embeddings, NoneType), "give LangChain embeddings"),
        )
        for name, kind, mend in kinds:
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise ConfigurationError(f"Tuning.{name}", value, mend)
        known = QuorumInput.__annotations__
        taken = self.input_schema.__annotations__ if is_typeddict(self.input_schema) else {"": None}
        if not known.keys() >= taken.keys():
            mend = f"give a TypedDict with some of the fields {', '.join(known)}"
            raise ConfigurationError("Tuning.input_schema", self.input_schema, mend)


@suggesting
def build_workflow(
    specialists: Sequence[Specialist],
    sync: SyncPolicy | Sequence[SyncPolicy] | None = None,
    merge: StrategyName | Strategy = "weighted",
    mode: ModeChoice = "auto",
    tuning: Tuning | None = None,
) -> QuorumBuilder:
    """Build the workflow: analyzer, coordinator, specialists, sync point, merger, validator, integrator.

    Args:
        specialists: At least one; each becomes a node of its own.
        sync: When the sync point moves on; a list for several named points.
        merge: `weighted`, `best`, `merge_all`, `consensus`, `resolve`, `patterns`, one of these with options such as
            `Consensus(agreement=0.7)`, `Hierarchical(...)`, `Synthesis(model)`, or a function of the results and their
            weights.
        mode: `auto` lets the analyzer measure and choose; or `parallel`, `sequential`, `adaptive`.
        tuning: Everything else, with defaults.

    Returns:
        An ordinary `StateGraph`: compile it, nest it, stream it, open it in Studio.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    points = Points.of(sync)
    tuned = _given(tuning, Tuning, "tuning")
    index = by_name(specialists)
    check_mode(mode)
    strategy_named(merge)
    policies = tuned.policies
    terms = Terms(index, points, tuned.conditions, tuned.resources)
    checks = checks_of(policies.validation, tuned.checks)
    crew = _crew(index, points, terms, tuned)
    fan_out, order = FanOut(crew.seats, points, check_bundle(tuned.bundle)), _order(terms)

    graph = _empty(tuned.input_schema)
    survey = Survey(index, mode, policies.mode, tuned.scale)
    graph.add_node("analyzer", analyzer_node(survey, terms, tuned.planner, tuple(tuned.input_schema.__annotations__)))
    graph.add_node("coordinator", coordinator_node(fan_out))
    for name, specialist in index.items():
        graph.add_node(name, showing_inside(branch_node(name, crew), specialist), input_schema=Bundle)
    graph.add_node("sync_point", sync_point_node(fan_out, policies.growth, order))
    merger = merger_node(index, merge, policies.weight, tuned.embeddings)
    graph.add_node("merger", merger)
    graph.add_node("validator", validator_node(policies.validation, fan_out, checks, merger))
    graph.add_node("load_balancer", load_balancer_node(fan_out, policies, order))
    add_review(graph, fan_out, policies, value_check(checks, fan_out))
    graph.add_node("integrator", integrator)
    _connect(graph, list(index), fan_out, policies)
    return graph


def _empty(input_schema: type[Any]) -> QuorumBuilder:
    return StateGraph(QuorumState, context_schema=QuorumContext, input_schema=input_schema, output_schema=QuorumOutput)


def _order(terms: Terms) -> Order:
    def order(queue: Sequence[WorkItem]) -> list[WorkItem]:
        check_plan(queue, terms)
        return ordered(queue, membership(queue, terms.specialists, terms.points))

    return order


def _crew(index: Mapping[str, Specialist], points: Points, terms: Terms, tuned: Tuning) -> Crew:
    meter = CpuMeter()
    pool = shared_pool if tuned.threads is None else ThreadPool(tuned.threads)
    return Crew(
        seats={name: Seat.of(specialist, meter, pool) for name, specialist in index.items()},
        points=points,
        score=scored_by(tuned.scorer),
        conditions=tuned.conditions,
        resources=tuned.resources,
        created=lambda parent, asked: created(parent, asked, terms),
    )


T = TypeVar("T")


def _given(value: T | None, kind: type[T], name: str) -> T:
    """The argument, its default when it was left out; anything else is refused."""
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise ConfigurationError(name, value, f"give a {kind.__name__}, for instance {kind.__name__}()")
    return value


def _connect(graph: Any, names: list[str], fan_out: FanOut, policies: Policies) -> None:
    graph.add_edge(START, "analyzer")
    graph.add_edge("analyzer", "coordinator")
    graph.add_conditional_edges("coordinator", dispatching(fan_out), names)
    for name in names:
        graph.add_edge(name, way_into("sync_point", policies.review))
    graph.add_conditional_edges("sync_point", after_sync_point, ways_from_sync_point())
    graph.add_edge("merger", way_into("validator", policies.review))
    judged = ways_from_validator(policies, fan_out)
    graph.add_conditional_edges("validator", after_validator(judged), judged)
    mended = ways_from_load_balancer(policies, fan_out)
    graph.add_conditional_edges("load_balancer", after_load_balancer(policies.validation, mended), mended)
    graph.add_edge("integrator", END)
