"""Mistakes in building a workflow. Each marked line is refused by both checkers, and no other line is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum import (
    Answer,
    Branch,
    Check,
    Checked,
    Consensus,
    Hierarchical,
    Made,
    Policies,
    QuorumContext,
    RecoveryPolicy,
    Resolve,
    Resources,
    ReviewPolicy,
    Scored,
    Specialist,
    SyncPolicy,
    Tuning,
    ValidationPolicy,
    Weighted,
    WorkItem,
    build_workflow,
    merge,
    workflow_specialist,
)
from langgraph_quorum import Orchestrater  # error: a misspelt public name
from langgraph_quorum.graphs.composition import scatter
from langgraph_quorum.nodes.checks import schema
from langgraph_quorum.nodes.scorers import combined, reported
from langgraph_quorum.orchestration.persistence import PoolSetings  # error: a misspelt name of a subpackage


async def reads(branch: Branch) -> dict[str, object]:
    return {"text": branch.payloads}  # error: a branch has a payload


def of_a_state(state: dict[str, Any]) -> dict[str, Any]:
    return state


def of_nothing() -> str:
    return "nothing"


def of_two(branch: Branch, inputs: dict[str, Any]) -> str:
    return branch.task + str(inputs)


async def answers(branch: Branch) -> Answer:
    if branch.attempt > 1:
        return Answer()  # error: an answer without a value
    if branch.round:
        return Answer(1, costs=2)  # error: its cost is called cost
    return Answer(1, work=[{"specialst": "reads"}])  # error: a work item names a specialist


Specialist("a", of_a_state)  # error: a specialist is given a branch, not a state
Specialist("a", of_nothing)  # error: ... and not nothing
Specialist("a", of_two)  # error: ... and nothing beside it
Specialist("a")  # error: nobody does the work
Specialist("a", reads, timeout=3)  # error: seconds are called timeout_s
Specialist("a", reads, attempts="3")  # error: a number is no text
Specialist("a", reads, retry_on=["OSError"])  # error: classes of errors, or a function of one
Specialist("a", reads, resources={"cpu": 1})  # error: Resources(cpu=1)
Specialist("a", reads, prepare=of_two)  # error: what prepares is given a branch alone
Resources(cpus=2)  # error: cores are called cpu

SyncPolicy(threshold="0.5")  # error: a number is no text
SyncPolicy(treshold=0.5)  # error: a misspelt field
SyncPolicy(grace=5)  # error: seconds are called grace_s
SyncPolicy(on_straggler="harvst")  # error: a misspelt word
SyncPolicy(must="a")  # error: a tuple of branch ids
SyncPolicy(until=of_two)  # error: of the results so far alone
SyncPolicy().threshold = 0.5  # error: a policy is frozen

crew = [Specialist("a", reads)]
build_workflow(reads)  # error: a list of specialists
build_workflow([reads])  # error: ... not of functions
build_workflow(crew, 0.5)  # error: a policy, not its threshold
build_workflow(crew, merge="wieghted")  # error: a misspelt strategy
build_workflow(crew, merge=Consensus)  # error: an instance, not the class
build_workflow(crew, mode="paralel")  # error: a misspelt mode
build_workflow(crew, policies=Policies())  # error: policies are part of the tuning
build_workflow(crew, tuning=Policies())  # error: ... and not in its place
Tuning(Policies(validation=RecoveryPolicy()))  # error: one policy in place of another
Tuning(scorer=of_nothing)  # error: a scorer is given the branch and its result
Tuning(bundle="large")  # error: a number, or auto
Tuning(conditions={"long": "len(inputs) > 1"})  # error: functions by name
Tuning(resources={"gpu": "2"})  # error: numbers by name
Tuning(checks=[of_two])  # error: a check is given what is checked
ValidationPolicy(review="allways")  # error: a misspelt word
ReviewPolicy(pause_before=("merger",))  # error: there is no pause before the merger
RecoveryPolicy(rounds=1.5)  # error: a whole number
QuorumContext(threshold="0.5")  # error: a number is no text

Consensus(method="median")  # error: there is no such method
Resolve("newest")  # error: there is no such rule
Weighted(interval="normal")  # error: there is no such interval
Hierarchical(overall="hierarchical")  # error: types are merged by a strategy without types
merge([Scored("a", "a", 1)], "wieghted")  # error: a misspelt strategy
merge([{"branch_id": "a", "value": 1}])  # error: results are Scored
Scored("a", "a", 1, quality="good")  # error: a number is no text
Made(1, support=[0.5])  # error: by dotted path


def unweighed(results: Sequence[Scored]) -> Made:
    return Made(results[0].value)


def weighed(results: Sequence[Scored], weights: Mapping[str, float]) -> object:
    return results[0].score  # error: it is called quality


def dear(checked: Checked) -> int:
    return len(checked.branches)


build_workflow(crew, merge=unweighed)  # error: a strategy is given the weights, too
Check(dear)  # error: a check gives messages or findings
Check(of_nothing)  # error: a check is given what is checked
Check(lambda checked: checked.values)  # error: it is called value
Check(lambda checked: None, severity="fatal")  # error: there is no such severity
schema({"type": "object"}, severty="error")  # error: a misspelt argument
combined([reported()])  # error: weights by scorer
combined({reported: 1})  # error: the scorer is what reported() gives

item: WorkItem = {"branch_id": 1}  # error: an id is a text
urgent: WorkItem = {"specialist": "a", "priority": "urgent"}  # error: there is no such priority
scatter("a", [1, 2], name="b")  # error: payloads are dicts
scatter("a", [{"x": 1}])  # error: the ids need a name
workflow_specialist("a", reads)  # error: a workflow, not a function
workflow_specialist("a", build_workflow(crew), prepare=of_nothing)  # error: it is given the branch
workflow_specialist("a", build_workflow(crew), keep=lambda output: output["results"])  # error: there is no such field
