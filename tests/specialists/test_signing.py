"""A document without faults is signed; with some a person is asked until the answer fits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.graphs.document_brief import build_document_brief
from langgraph_quorum.graphs.document_sign_off import build_document_sign_off
from langgraph_quorum.nodes.specialists.document.signing import score_signing, sign_off, signatures
from langgraph_quorum.state.errors import PlanError

THREAD: Any = {"configurable": {"thread_id": "1"}}
SIGNING = {"branch_id": "sign", "specialist": "sign_off", "payload": {"source": "a.md"}, "depends_on": ["checker"]}

Run = Callable[[Any], Awaitable[Any]]


def signing(*faults: str) -> Run:
    """Runs the signing of a document whose report names these faults."""

    async def checker(branch: Branch) -> dict[str, Any]:
        found = [{"kind": "fault", "text": fault, "where": {}, "severity": "warning"} for fault in faults]
        fact = {"kind": "fact", "text": "twenty lines", "where": {}}
        return {"findings": [*found, fact], "confidence": 0.9}

    crew = [Specialist("checker", checker), Specialist("sign_off", sign_off)]
    graph = build_workflow(crew, merge=signatures).compile(InMemorySaver())
    return lambda given: graph.ainvoke(given, THREAD)


async def test_a_document_without_faults_is_signed_and_nobody_is_asked() -> None:
    out = await signing()({"work": [{"specialist": "checker"}, SIGNING]})
    assert out["result"] == {"signed": ["a.md"], "sent_back": {}}
    assert out["branches"]["sign"]["result"]["by"] == "no faults"


async def test_a_person_is_asked_about_faults_until_the_answer_fits() -> None:
    run = signing("a dead link", "no date")
    out = await run({"work": [{"specialist": "checker"}, SIGNING]})
    (asked,) = out["__interrupt__"]
    assert asked.value["question"] == "a.md has 2 faults: may it go out?"
    assert asked.value["faults"] == ["a dead link", "no date"]
    (again,) = (await run(Command(resume="perhaps")))["__interrupt__"]
    assert "perhaps" in again.value["complaint"]
    out = await run(Command(resume={"decisions": [{"type": "reject", "message": "mend the link"}]}))
    assert out["result"] == {"signed": [], "sent_back": {"a.md": "mend the link"}}


def test_a_signature_is_scored_by_what_it_says_of_itself() -> None:
    assert score_signing(Branch("sign", ""), {"signed": True, "confidence": 1.0}) == 1.0


@pytest.mark.parametrize("build", [build_document_brief, build_document_sign_off])
@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([], "sources is empty"),
        ("a.md", "is one text: give a list"),
        (["a.md", 3], r"sources=\['a.md', 3\]: give a list of .* each as a text"),
        ({"a.md": 1}, "sources={'a.md': 1}: give a list"),
    ],
)
async def test_sources_that_are_none_or_no_list_are_refused(build: Any, sources: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        await build().compile().ainvoke({"sources": sources})
