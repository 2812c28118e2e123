"""The review of a contract: several specialists at once, their findings merged, and a person who approves them."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from langgraph_quorum import (
    Branch,
    Check,
    Checked,
    Policies,
    QuorumInput,
    QuorumOutput,
    Scored,
    Specialist,
    SyncPolicy,
    Tuning,
    ValidationPolicy,
    as_tool,
    build_workflow,
)
from pydantic import ValidationError

import nodes
from reading import find_contract, read_contract
from state import Clause, Finding, Opinion, Reading, Review, ReviewRequest, Severity

Rules = Callable[[Sequence[Clause]], Iterable[Finding]]

RULES: dict[str, Rules] = {
    "time": nodes.time,
    "money": nodes.money,
    "privacy": nodes.privacy,
    "drafting": nodes.drafting,
}
COUNSEL = "You advise the customer of this contract. Name what is risky or missing, clause by clause."

log = logging.getLogger("desk")


def review_tool(advisor: BaseChatModel | None) -> BaseTool:
    """The review as a tool of the agent: by rules, and by a chat model where there is one."""
    specialists = [by_rules(name, rules) for name, rules in RULES.items()]
    if advisor is not None:
        specialists.append(by_model("counsel", advisor))
    workflow = build_workflow(
        specialists,
        SyncPolicy(threshold=0.75, grace_s=20, deadline_s=120),
        merge=worst_first,
        tuning=Tuning(
            Policies(validation=ValidationPolicy(review="always")), checks=[Check(well_formed, of_value=True)]
        ),
    )

    def work_on(request: ReviewRequest) -> QuorumInput:
        payload = {"contract": find_contract(request.contract).name}
        names = [specialist.name for specialist in specialists]
        task = request.concern or "Review the contract."
        return {"task": task, "work": [{"branch_id": name, "specialist": name, "payload": payload} for name in names]}

    about = "Have a contract reviewed by specialists. A person approves what they find before you see it."
    return as_tool(workflow, "review_contract", about, ReviewRequest, prepare=work_on, keep=told)


def told(output: QuorumOutput) -> str:
    """What the agent reads of a review that was approved."""
    return Review.model_validate(output["result"]).text()


def by_rules(name: str, rules: Rules) -> Specialist:
    """A specialist who goes by rules."""

    def read(branch: Branch) -> Reading:
        contract = branch.payload["contract"]
        clauses = read_contract(contract)
        findings = list(rules(clauses))
        log.info("%s, %s: %d findings in %d clauses", contract, name, len(findings), len(clauses))
        return Reading(contract=contract, clauses=len(clauses), findings=findings)

    return Specialist(name, read, expects=("clauses",), deterministic=True)


def by_model(name: str, model: BaseChatModel) -> Specialist:
    """A specialist who is a chat model."""
    advising = model.with_structured_output(Opinion)

    async def read(branch: Branch) -> dict[str, Any]:
        contract = branch.payload["contract"]
        clauses = await asyncio.to_thread(read_contract, contract)
        text = "\n".join(f"{clause.number} ({clause.section}) {clause.text}" for clause in clauses)
        log.info("%s, %s: asking the model", contract, name)
        opinion = await advising.ainvoke([("system", COUNSEL), ("human", f"{branch.prompt}\n\n{text}")])
        return {"contract": contract, **Opinion.model_validate(opinion).model_dump()}

    return Specialist(name, read, timeout_s=90)


def worst_first(results: Sequence[Scored], _weights: Mapping[str, float]) -> dict[str, Any]:
    """All findings in one list, the worst first."""
    found = [finding for result in results for finding in result.value["findings"]]
    order = get_args(Severity)
    found.sort(key=lambda finding: (order.index(finding["severity"]), finding["clause"]))
    return {"contract": results[0].value["contract"], "findings": found}


def well_formed(checked: Checked) -> str | None:
    """Hold what is made, and what a person edits, to the form of a review."""
    try:
        Review.model_validate(checked.value)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None
