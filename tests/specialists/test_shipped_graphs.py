"""What the shipped graphs make of documents, of some that cannot be read too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum.graphs.document_analysis import build_document_analysis, graph
from langgraph_quorum.graphs.document_brief import build_document_brief
from langgraph_quorum.graphs.document_sign_off import build_document_sign_off
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.specialists.document.editor import whole_brief
from langgraph_quorum.state.errors import PlanError
from tests.graphs.running import FIXED, thread


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    (tmp_path / "well.md").write_text("# A plan\n\nIt says what is to be done, and by whom.\n")
    (tmp_path / "damaged.pdf").write_bytes(b"%PDF-1.4")
    return [str(tmp_path / "*")]


async def test_a_brief_is_of_the_documents_that_can_be_read_and_says_which_could_not(sources: list[str]) -> None:
    out = await build_document_brief().compile().ainvoke({"sources": sources}, context=FIXED)
    assert (out["status"], out["partial"]) == ("partial", True)
    assert set(out["result"]["documents"]) == {"well.md"}
    assert out["failed"] == ["brief/map/damaged.pdf", "brief/reduce"]
    assert "damaged.pdf: is damaged or no PDF" in out["branches"]["brief/map/damaged.pdf"]["reason"]


async def test_where_no_document_can_be_read_there_is_no_brief_and_the_run_says_why(tmp_path: Path) -> None:
    (tmp_path / "damaged.pdf").write_bytes(b"%PDF-1.4")
    out = await build_document_brief().compile().ainvoke({"sources": [str(tmp_path)]}, context=FIXED)
    assert (out["status"], out["result"]) == ("failed", None)
    assert "damaged.pdf: is damaged or no PDF" in out["error"]["message"]


def test_a_brief_takes_what_editors_have_made_and_from_readers_what_is_not_in_it() -> None:
    def brief(branch_id: str, *documents: str, confidence: float) -> Scored:
        lines = {name: {"summary": f"{name} by {branch_id}"} for name in documents}
        return Scored(branch_id, branch_id, {"documents": lines, "look_next": [], "confidence": confidence})

    left = brief("brief/reduce/1/0", "a", "b", "c", confidence=0.5)
    readers = [brief(f"brief/map/{name}", name, confidence=0.9) for name in "abcde"]  # the other editor was skipped
    made = whole_brief([*reversed(readers), left], {}).value
    assert [lines["summary"].partition(" by ")[2] for lines in made["documents"].values()] == [
        *["brief/reduce/1/0"] * 3,
        "brief/map/d",
        "brief/map/e",
    ]
    assert made["headline"].startswith("5 documents")
    last = brief("brief/reduce", "a", "b", "c", "d", "e", confidence=0.7)
    assert whole_brief([left, *readers, last], {}).value is last.value


async def test_documents_of_one_name_in_several_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plan.md").write_text(f"# Plan {folder}\n\nIt says what {folder} is to do.\n")
    out = await build_document_brief().compile().ainvoke({"sources": [str(tmp_path)]}, context=FIXED)
    assert set(out["result"]["documents"]) == {"a/plan.md", "b/plan.md"}
    assert "It says what b is to do." in out["result"]["documents"]["b/plan.md"]["summary"]


async def test_who_signs_off_is_told_of_a_document_that_could_not_be_checked(sources: list[str]) -> None:
    app: Any = build_document_sign_off().compile(InMemorySaver())
    (asked,) = (await app.ainvoke({"sources": sources}, thread(), context=FIXED))["__interrupt__"]
    assert "damaged.pdf has no result" in str(asked.value)
    out = await app.ainvoke(Command(resume="approve"), thread(), context=FIXED)
    assert out["result"] == {"signed": ["well.md"], "sent_back": {}}
    assert "sign_off@damaged.pdf" in out["failed"]


async def test_an_analysis_is_of_the_documents_that_can_be_read_and_says_which_could_not(sources: list[str]) -> None:
    out = await build_document_analysis(["summary"]).compile().ainvoke({"sources": sources}, context=FIXED)
    assert (out["status"], out["failed"]) == ("partial", ["summary@damaged.pdf"])
    assert set(out["result"]) == {"well.md"}


async def test_the_form_of_an_analysis_takes_sources_and_its_builder_work_as_well(tmp_path: Path) -> None:
    path = tmp_path / "well.md"
    path.write_text("# A plan\n\nIt says what is to be done, and by whom.\n")
    payload = {"path": str(path), "source": "well.md"}
    given: Any = {"work": [{"branch_id": "one", "specialist": "summary", "payload": payload}]}
    out = await build_document_analysis().compile().ainvoke(given, context=FIXED)
    assert list(out["branches"]) == ["one"]
    with pytest.raises(PlanError, match="sources"):
        await graph().ainvoke(given, context=FIXED)
