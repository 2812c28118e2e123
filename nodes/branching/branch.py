"""The node of a specialist. A branch never raises, its outcome is data; interrupts and drain do pass through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphDrained
from langgraph.runtime import Runtime

from langgraph_quorum.nodes.branching.bundle import Lanes
from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.first_try import FirstTries
from langgraph_quorum.nodes.branching.rendezvous import Meeting, meet
from langgraph_quorum.nodes.branching.setting import Setting
from langgraph_quorum.nodes.branching.single import single_record
from langgraph_quorum.nodes.signatures import SpecialistNode
from langgraph_quorum.state.branch import Bundle
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.workflow import QuorumContext

Records = dict[str, BranchRecord]
"""By branch id."""
Write = Callable[[Bundle, Records, Meeting], Any]
"""Makes what a node returns when its branches have ended."""


def only_records(_bundle: Bundle, records: Records, _meeting: Meeting) -> dict[str, Any]:
    """The records of its branches are all that it writes."""
    return {"branches": records}


def branch_node(name: str, crew: Crew, write: Write = only_records) -> SpecialistNode:
    """The node of one specialist: it takes a `Bundle`, and writes a record of each of its branches to `branches`."""

    async def specialist_node(state: Bundle, *, runtime: Runtime[QuorumContext]) -> Any:
        calls = state["calls"]
        with meet(state, runtime) as meeting:
            tries = meeting.tries.get(name)
            if tries is None:
                gate = await meeting.gate(state["wave"], crew, runtime)
                setting = Setting(name, crew, state["task"], state["wave"], gate, runtime.stream_writer)
                tries = meeting.tries[name] = FirstTries(setting)
            if len(calls) > 1:
                return write(state, await Lanes(tries, calls).records(), meeting)
            record = await single_record(tries, calls[0], lambda: _parks(state, crew))
            if record["release"] == "drained":
                # It is to run again when the run goes on, so its task must not count as done.
                raise GraphDrained(runtime.drain_reason or "drained")
            return write(state, {record["branch_id"]: record}, meeting)

    specialist_node.__name__ = name
    return specialist_node


def _parks(bundle: Bundle, crew: Crew) -> bool:
    """Whether a question to a human is left open. Where branches travel in bundles all are, and are asked later."""
    wave = bundle["wave"]
    return wave["bundled"] or (not wave["asking"] and crew.parks(bundle["calls"][0]["points"]))
