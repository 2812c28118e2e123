# pyright: strict
"""A workflow with most of what it can be tuned with, as a careful author types it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda

from langgraph_quorum import (
    Answer,
    Branch,
    Check,
    Checked,
    Consensus,
    GrowthPolicy,
    Hierarchical,
    Made,
    ModePolicy,
    Policies,
    QuorumContext,
    QuorumInput,
    QuorumOutput,
    RecoveryPolicy,
    Resources,
    ReviewPolicy,
    Scored,
    Specialist,
    SyncPolicy,
    Synthesis,
    ThreadPolicy,
    Tuning,
    ValidationPolicy,
    Weighted,
    WeightPolicy,
    WorkItem,
    as_result,
    build_workflow,
    by_group,
    merge,
    suggest_strategy,
    workflow_specialist,
)
from langgraph_quorum.graphs.composition import map_reduce, result_of, sync_over
from langgraph_quorum.nodes.checks import schema
from langgraph_quorum.nodes.scorers import LabelRecord, Range, combined, reported, required, well_formed


async def reads(branch: Branch) -> dict[str, object]:
    return {"text": branch.payload["page"], "confidence": 0.9}


def counts(branch: Branch) -> Answer:
    item: WorkItem = {"branch_id": "more", "specialist": "reads", "payload": {"page": branch.prompt}}
    return Answer(len(branch.inputs), work=[item], cost=0.01)


def cheap(checked: Checked) -> str | None:
    return "too dear" if checked.load["cost"] > 1 else None


async def polite(checked: Checked) -> list[dict[str, object]]:
    return [{"message": f"{name} is rude", "branches": [name]} for name in checked.results()]


def longest(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    best = max(results, key=lambda result: weights[result.branch_id])
    return Made(best.value, support={"": weights[best.branch_id]})


def inner_input(branch: Branch) -> QuorumInput:
    return {"task": branch.task, "sources": list(branch.inputs)}


def inner_quality(output: QuorumOutput) -> float:
    return output["quality"]


def enough(results: Mapping[str, object]) -> bool:
    return len(results) > 1


shout: RunnableLambda[str, str] = RunnableLambda(str.upper)
crew = [
    Specialist("reads", reads, type="reader", timeout_s=30, retry_on=(TimeoutError, ConnectionError)),
    Specialist("counts", counts, resources=Resources(cpu=0.5), retry_on=lambda error: "later" in str(error)),
    Specialist("shouts", shout, prepare=lambda branch: branch.task),
]
tuning = Tuning(
    Policies(
        mode=ModePolicy(parallel_at_once=2),
        weight=WeightPolicy(speed_share=0),
        validation=ValidationPolicy(quality=0.7, review="unmet"),
        review=ReviewPolicy(expires_s=3600, on_expiry="approve", pause_before=("validator",)),
        recovery=RecoveryPolicy(rounds=1, cost=2.5),
        growth=GrowthPolicy(branches=10),
    ),
    scorer=combined({reported(): 2, required(["text"]): 1, well_formed(Range("confidence", 0, 1)): 1}),
    conditions={"long": lambda inputs: len(inputs) > 1},
    resources={"gpu": 1},
    bundle="auto",
    threads=ThreadPolicy(),
    checks=[cheap, Check(polite, severity="warning"), schema({"type": "object"})],
)
work = map_reduce("reads", "counts", [{"page": "one"}, {"page": "two"}], name="book", point="mapped")
points = [SyncPolicy(threshold=0.6, until=enough), sync_over(work, name="mapped", must=("book/map/0",))]

plain = build_workflow(crew)
tuned = build_workflow(crew, points, merge=Consensus(method="majority"), mode="adaptive", tuning=tuning)
own = build_workflow(crew, SyncPolicy(on_straggler="harvest"), merge=longest)
outer = build_workflow(
    [workflow_specialist("inner", plain, prepare=inner_input, keep=inner_quality, type="team"), *crew],
    merge=Hierarchical(by_type={"team": "best"}, overall=Weighted("bootstrap")),
)
written = build_workflow(crew, merge=Synthesis(FakeListChatModel(responses=["All is well [reads]."])))
last = build_workflow(crew, merge=result_of("book/reduce"))

results = [Scored("a", "reads", {"x": 1}, quality=0.8), Scored("b", "counts", {"x": 2}, seconds=3.5)]
merged = merge(results, "consensus", WeightPolicy(quality_share=1), interval="bootstrap")
quality: float = merged["quality"]
again = merge([as_result(merged)], by_group("best"))
labelled = Consensus("log_odds", record=LabelRecord({"reads": [("spam", "ham")]}))
decided = SyncPolicy(threshold=1.0, until=labelled.decided({"a": "reads"}, "label", at_least=1))
suggested: str = suggest_strategy("Check the facts").reason
context = QuorumContext(threshold=0.5, minimum=2)
