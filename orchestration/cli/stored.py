"""How any run stands, whoever started it: read without its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.history import read_history
from langgraph_quorum.orchestration.outcome import so_far
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.run_reader import nodes_seen
from langgraph_quorum.orchestration.stored_state import read_state
from langgraph_quorum.state.errors import BlockedTypeError, ResultError, SealError
from langgraph_quorum.state.records import WorkItem


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands.

    Attributes:
        run: As the register has it.
        outcome: Of a workflow, by the names of its output; of another graph only thread, status and open questions.
        values: The state of another graph, as JSON; empty for a workflow.
        work: Branches of a workflow, those included that have not ended.
        ended: Nodes that have ended, each once, the last one last.
        following: Nodes that come next; empty at the end.
        unread: Why the state cannot be shown; "" when it can.
    """

    run: StoredRun
    outcome: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    work: Sequence[WorkItem] = ()
    ended: Sequence[str] = ()
    following: Sequence[str] = ()
    unread: str = ""


async def read_standing(pool: Pool, run: StoredRun) -> Standing:
    """How the run stands by its latest checkpoint and what was stored since.

    Raises:
        DatabaseError: the database cannot be used.
    """
    saver, bare = saver_of(pool), {"thread_id": run.thread_id, "status": run.status, "interrupts": {}}
    try:
        state = await read_state(pool, saver, run)
        if state.checkpoint is None:
            return Standing(run, bare)
        (latest,) = await read_history(saver, run.thread_id, limit=1)
    except (BlockedTypeError, SealError) as error:
        return Standing(run, bare, unread=str(error))
    outcome: dict[str, Any] = {**bare, "interrupts": _plain(state.questions)}
    nodes = [*nodes_seen(state.checkpoint), *(task.node for task in state.tasks if task.ended and task.node)]
    ended = list(dict.fromkeys(nodes))
    if not state.ours:
        return Standing(run, outcome, _plain(state.fields), (), ended, latest.next)
    reached = so_far(state.fields, asked=run.status == "waiting") if latest.next else {}
    outcome = {"sources": [], **_plain({**state.fields, **reached}), **outcome, "branches": state.values["branches"]}
    return Standing(run, outcome, {}, state.fields.get("queue", []), ended, latest.next)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON; what is none as text."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        try:
            plain[name] = jsonable(value, name)
        except ResultError:
            plain[name] = repr(value)
    return plain
