"""Merging a run's stored results again, under another policy. No specialist runs, and nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.nodes.artifacts.exchange import holds_offloaded, resolved
from langgraph_quorum.nodes.explaining.remerged import Remerged, compared
from langgraph_quorum.nodes.explaining.trail import Trail
from langgraph_quorum.nodes.explaining.weighing import weighing_of
from langgraph_quorum.nodes.journal import task_of
from langgraph_quorum.nodes.merger import gathered
from langgraph_quorum.nodes.merging.flat import named_in
from langgraph_quorum.nodes.merging.merge import amerge
from langgraph_quorum.nodes.merging.strategies import STRATEGIES, Strategy
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.stored_state import read_workflow
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.workflow import QuorumState

__all__ = ["Remerged", "Weigh", "check_policy", "check_strategy", "remerge_run"]

Weigh: TypeAlias = Callable[[WeightPolicy], WeightPolicy]
"""The policy to weigh with now, given the one of the run."""


def check_strategy(strategy: str | Strategy) -> None:
    """Refuse what is no strategy.

    Raises:
        ConfigurationError: naming the nearest name.
    """
    named_in(STRATEGIES, strategy, "strategy")


def check_policy(policy: object) -> None:
    """Refuse what is no weight policy.

    Raises:
        ConfigurationError: naming what to give.
    """
    if policy is not None and not isinstance(policy, WeightPolicy):
        raise ConfigurationError("policy", policy, "give WeightPolicy(...), or None for the run's own")


async def remerge_run(
    pool: Pool,
    saver: BaseCheckpointSaver[Any],
    run: StoredRun,
    strategy: str | Strategy,
    *,
    weigh: Weigh,
    store: ArtifactStore | None,
) -> Remerged:
    """Merge what a stored run has, again, beside how it was merged. Its graph is not needed.

    Args:
        pool: The database.
        saver: Reads checkpoints.
        run: As the register has it.
        strategy: By name, with options, or a function.
        weigh: How results are weighed now.
        store: Where large texts are; None leaves references to them as they are.

    Raises:
        ConfigurationError: there is no such strategy, or the run is one of a graph that is no workflow of ours, or no
            branch of it has ended.
        ArtifactError: a text that a result refers to is there no more.
        QuorumError: the run cannot be read, or the strategy refuses its results.
    """
    check_strategy(strategy)
    values = (await read_workflow(pool, saver, run)).values
    if not values.get("branches"):
        mend = f"it is {run.status}, and no branch of it has ended yet: there is nothing to merge again"
        raise ConfigurationError("thread_id", run.thread_id, mend)
    first: Merged | None = await _back(values.get("merged"), store)
    trail = Trail(values)
    own = weighing_of([] if first is None else first["attribution"], trail)
    policy = weigh(WeightPolicy() if own is None else WeightPolicy(**own))
    types, notes = _types(values, trail)
    if own is None:
        notes.append("how the run weighed is not stored: the defaults stand in for what was not given")
    state = {"queue": [], "task": run.task, **values, "branches": await _texts_back(values.get("branches", {}), store)}
    again = await _merged(state, types, strategy, policy, _agreed(values))
    if first is not None and "human" in first["metadata"]:
        notes.append(f"a human has made the first result what it is ({first['metadata']['human']['decision']})")
    if store is None and holds_offloaded([again["value"]]):
        notes.append("large texts are shown as references: there is no store to read them from")
    known = own if first is not None else None
    compare = partial(compared, weighing=asdict(policy), first_weighing=known, notes=notes)
    return await asyncio.to_thread(compare, run.thread_id, first, again)


async def _merged(
    state: Mapping[str, Any],
    types: Mapping[str, str],
    strategy: str | Strategy,
    policy: WeightPolicy,
    agreed: Mapping[str, float] | None,
) -> Merged:
    whole: QuorumState = state  # type: ignore[assignment]  # read from what a workflow has stored
    results, failed, agreed = await asyncio.to_thread(gathered, whole, types, agreed)
    merged = await amerge(results, strategy, policy, failed, task=task_of(whole))
    if agreed:
        merged["metadata"] = {**merged["metadata"], "consistency": dict(agreed)}
    return merged


def _agreed(values: Mapping[str, Any]) -> Mapping[str, float] | None:
    """The agreement of the results as the run has measured it; None where it has not measured these results.

    It may have compared them by meaning, with a model that is not here.
    """
    merged: Merged | None = values.get("merged")
    if merged is None or merged["status"] == "no data" or values.get("merged_round") != values.get("round"):
        return None
    found: Mapping[str, float] = merged["metadata"].get("consistency", {})
    return found


def _types(values: Mapping[str, Any], trail: Trail) -> tuple[dict[str, str], list[str]]:
    """Of each specialist, as the merger has written them down; else as the work asked for them."""
    written = [line["data"]["types"] for line in trail.of("merged") if "types" in line.get("data", {})]
    if written:
        return {name: kind for types in written for name, kind in types.items()}, []
    asked = {item["specialist"]: item["type"] for item in values.get("queue") or [] if "type" in item}
    note = "specialists' types are not stored: only branches that asked for a type are held against their peers"
    return asked, [note] if values.get("branches") else []


async def _back(merged: Merged | None, store: ArtifactStore | None) -> Merged | None:
    return merged if merged is None or store is None else await resolved(merged, store)


async def _texts_back(branches: Mapping[str, Any], store: ArtifactStore | None) -> dict[str, Any]:
    """The records with texts in place of references."""
    if store is None:
        return dict(branches)
    return {
        name: {**record, "result": await resolved(record["result"], store)}
        if holds_offloaded(record["result"])
        else record
        for name, record in branches.items()
    }
