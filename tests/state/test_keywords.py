"""A misspelt keyword of what a workflow is made of is refused with the one that was meant."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum import (
    Branch,
    QuorumContext,
    Resources,
    Specialist,
    SyncPolicy,
    as_tool,
    build_workflow,
    fan_out,
    quorum_branch,
    workflow_specialist,
)
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, RecoveryPolicy


async def answer(branch: Branch) -> str:
    return branch.task


ANSWERS = Specialist("answers", answer)
WORKFLOW = build_workflow([ANSWERS])


@pytest.mark.parametrize(
    ("made", "misspelt", "meant"),
    [
        (lambda **wrong: Specialist("s", answer, **wrong), "timeout", "timeout_s"),
        (Resources, "memory", "memory_mb"),
        (SyncPolicy, "treshold", "threshold"),
        (Policies, "recover", "recovery"),
        (RecoveryPolicy, "round", "rounds"),
        (Tuning, "scorers", "scorer"),
        (QuorumContext, "treshold", "threshold"),
        (lambda **wrong: build_workflow([ANSWERS], **wrong), "merger", "merge"),
        (lambda **wrong: as_tool(WORKFLOW, "t", "does it", **wrong), "args_shema", "args_schema"),
        (lambda **wrong: workflow_specialist("w", WORKFLOW, **wrong), "timeout", "timeout_s"),
        (lambda **wrong: fan_out(quorum_branch(answer), [1], **wrong), "bundles", "bundle"),
    ],
)
def test_a_misspelt_keyword_is_refused_with_the_one_that_was_meant(
    made: Callable[..., Any], misspelt: str, meant: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{misspelt}=3: did you mean '{meant}'"):
        made(**{misspelt: 3})


async def test_a_misspelt_field_of_a_compiled_graphs_context_is_refused_likewise() -> None:
    graph: Any = WORKFLOW.compile()
    with pytest.raises(ConfigurationError, match="treshold=1: did you mean 'threshold'"):
        await graph.ainvoke({"task": "x"}, context={"treshold": 1})


def test_what_is_checked_is_as_it_was_to_whoever_looks_at_it() -> None:
    assert list(inspect.signature(SyncPolicy).parameters)[:2] == ["threshold", "grace_s"]
    assert pickle.loads(pickle.dumps(SyncPolicy(threshold=0.5))) == SyncPolicy(threshold=0.5)
    with pytest.raises(TypeError, match="specialists"):
        build_workflow()  # type: ignore[call-arg]
