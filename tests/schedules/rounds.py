"""What comes between two fan-outs, by the workflow's own nodes and routes; what merges and judges is a stand-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from langgraph.runtime import Runtime

from langgraph_quorum.graphs.routes import (
    after_load_balancer,
    after_sync_point,
    after_validator,
    ways_from_load_balancer,
    ways_from_sync_point,
    ways_from_validator,
)
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.coordinator import coordinator_node
from langgraph_quorum.nodes.growth import Order
from langgraph_quorum.nodes.load_balancer import load_balancer_node
from langgraph_quorum.nodes.mending import score_of
from langgraph_quorum.nodes.planning.checks import Terms, check_plan
from langgraph_quorum.nodes.planning.order import membership, ordered
from langgraph_quorum.nodes.questions import asked, parked
from langgraph_quorum.nodes.sync_point import sync_point_node
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.policies import Policies
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.reducers import append_decisions, merge_branches
from langgraph_quorum.state.workflow import LoadMetrics, QuorumState
from tests.schedules.scenario import Scenario

RUN = "run"
WEAK = 0.5
"""A success of a lower score is found wanting, where weak ones are."""
SPECIALISTS, ENDS = "specialists", frozenset({"integrator", "__end__"})
_MERGED: Any = {
    **dict.fromkeys(("value", "attribution", "failed"), ()),
    "quality": 0.5,
    "confidence_interval": [0.4, 0.6],
    "partial": False,
    "sources_count": 1,
}

Node = Callable[[QuorumState], Awaitable[dict[str, Any]]]
Route = Callable[[QuorumState], Awaitable[str]]


def begun(scenario: Scenario) -> QuorumState:
    """The state with which the first fan-out goes out."""
    mode: Any = {name: getattr(scenario, name) for name in ("mode", "at_once", "ceiling", "cpu_at_once")}
    return {
        "workflow_id": RUN,
        "task": "look",
        "queue": scenario.queue,
        "mode": mode,
        "active": [],
        "redo": [],
        "round": 0,
        "branches": {},
        "sync": [],
        "performance": {},
        "load": LoadMetrics(rounds=0, redistributed=0, history={}, attempts=0, seconds=0.0, cost=0.0, why=""),
        "growth": {"generations": {}, "refused": {}},
        "merged": None,
        "findings": [],
        "revision": None,
        "guidance": {},
    }


class Rounds:
    """The nodes of one process, and where the run goes from each of them."""

    def __init__(self, scenario: Scenario, crew: Crew, terms: Terms) -> None:
        self._scenario = scenario
        policies = Policies(recovery=scenario.recovery, growth=scenario.growth)
        fan_out, order = scenario.fan_out(crew.seats), _order(terms)
        coordinator, sync_point = coordinator_node(fan_out), sync_point_node(fan_out, policies.growth, order)
        load_balancer = load_balancer_node(fan_out, policies, order)
        runtime: Runtime[Any] = Runtime()

        async def balanced(state: QuorumState) -> dict[str, Any]:
            return load_balancer(state, runtime=runtime)

        self._nodes: Mapping[str, Node] = {
            "coordinator": lambda state: coordinator(state, runtime=runtime),
            "sync_point": lambda state: sync_point(state, runtime=runtime),
            "merger": self._merged,
            "validator": self._judged,
            "load_balancer": balanced,
        }
        judged, mended = ways_from_validator(policies, fan_out), ways_from_load_balancer(policies, fan_out)
        self._routes: Mapping[str, tuple[Route, Mapping[str, str]]] = {
            "coordinator": (_on, {"on": SPECIALISTS}),
            "sync_point": (after_sync_point, ways_from_sync_point()),
            "merger": (_on, {"on": "validator"}),
            "validator": (after_validator(judged), judged),
            "load_balancer": (after_load_balancer(policies.validation, mended), mended),
        }

    async def passed(self, node: str, state: QuorumState) -> tuple[QuorumState, str, dict[str, BranchRecord]]:
        """The state after a node, the node that comes next, and the late records that it has taken in."""
        update = await self._nodes[node](state)
        after = _written(state, update)
        route, ways = self._routes[node]
        return after, ways[await route(after)], update.get("branches", {})

    async def _merged(self, state: QuorumState) -> dict[str, Any]:
        return {"merged": _MERGED, "merged_round": state["round"]}

    async def _judged(self, state: QuorumState) -> dict[str, Any]:
        """What is wanting, and what a revision has come to: most often, it is better."""
        findings = list(self._wanting(state))
        update: dict[str, Any] = {"findings": findings, "redo": [], "verdict": "approved"}
        revision = state.get("revision")
        if revision is not None and revision["came_to"] == "under_way":
            luck = Random(f"{self._scenario.seed} {state['round']}").random()
            came_to = "better" if luck < 0.7 else "nothing"
            update["revision"] = {**revision, "came_to": came_to, "judged": state["round"], "why": came_to}
        if findings:
            return {**update, "verdict": "needs_revision"}
        waiting = parked(state)
        return {**update, **asked(state, waiting)} if waiting else update

    def _wanting(self, state: QuorumState) -> Any:
        for name, record in state["branches"].items():
            if record["status"] != "succeeded":
                if self._scenario.strict and not record["excused"]:
                    yield CheckFinding(check="coverage", severity="error", message=f"no {name}", branches=[name])
            elif self._scenario.weak_again and 0 <= score_of(record) < WEAK:
                yield CheckFinding(check="quality", severity="error", message=f"weak {name}", branches=[name])


async def _on(_: QuorumState) -> str:
    return "on"


def _order(terms: Terms) -> Order:
    def order(queue: Any) -> Any:
        check_plan(queue, terms)
        return ordered(queue, membership(queue, terms.specialists, terms.points))

    return order


def _written(state: QuorumState, update: Mapping[str, Any]) -> QuorumState:
    """The state with what a node has written, as the channels join it; without the audit trail."""
    joined: Any = {name: value for name, value in update.items() if name not in {"timeline", "metrics"}}
    if "branches" in update:
        joined["branches"] = merge_branches(state["branches"], update["branches"])
    if "sync" in update:
        joined["sync"] = append_decisions(state["sync"], update["sync"])
    after: QuorumState = {**state, **joined}
    return after
