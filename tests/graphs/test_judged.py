"""What a model that judges has cost is part of what its branches cost, however they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, Tuning, build_workflow
from langgraph_quorum.nodes.scoring.combined import combined
from langgraph_quorum.nodes.scoring.judge import judge
from langgraph_quorum.nodes.scoring.reported import reported
from langgraph_quorum.nodes.scoring.usage import Price
from langgraph_quorum.state.branch import Answer
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumInput
from tests.chat_models import Structured, calls
from tests.graphs.running import FIXED
from tests.nodes.scoring.test_judge import marks

PRICE = Price(input=10, output=50)
JUDGED = 0.002  # 100 tokens at 10 and 20 at 50 a million


async def paid(branch: Branch) -> Answer:
    return Answer({"confidence": 0.9}, cost=0.5)


async def free(branch: Branch) -> dict[str, Any]:
    return {"confidence": 0.9}


@pytest.mark.parametrize("bundle", [None, 10])
async def test_the_cost_of_judging_adds_to_the_branchs_own(bundle: int | None) -> None:
    model = Structured(answers=[calls("Marks", marks(quality=9)) for _ in range(4)])
    scorer = combined({judge(model, "It is good.", price=PRICE): 1, reported(): 1})
    names = [(name, f"{name}-{number}") for name in ("paid", "free") for number in range(2)]
    work = [WorkItem(branch_id=branch_id, specialist=name) for name, branch_id in names]
    built = build_workflow(
        [Specialist("paid", paid), Specialist("free", free)],
        mode="parallel",
        merge="best",
        tuning=Tuning(scorer=scorer, bundle=bundle),
    )
    outcome = await built.compile().ainvoke(QuorumInput(task="t", work=work), context=FIXED)
    costs = {name: record["cost"] for name, record in outcome["branches"].items()}
    assert costs == {
        "paid-0": pytest.approx(0.5 + JUDGED),
        "paid-1": pytest.approx(0.5 + JUDGED),
        "free-0": pytest.approx(JUDGED),
        "free-1": pytest.approx(JUDGED),
    }
