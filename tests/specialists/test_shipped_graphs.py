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
from langgraph_quorum.state.errors import PlanError
from tests.graphs.running import FIXED, thread


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    (tmp_path / "well.md").write_text("# A plan\n\nIt says what is to be done, and by whom.\n")
    (tmp_path / "damaged.pdf").write_bytes(b"%PDF-1.4")
    return [str(tmp_path / "*")]


async def test_a_brief_is_of_all_documents_or_says_which_could_not_be_read(sources: list[str]) -> None:
    out = await build_document_brief().compile().ainvoke({"sources": sources}, context=FIXED)
    assert out["status"] == "failed"
    assert "damaged.pdf: is damaged or no PDF" in out["error"]["message"]
    assert out["branches"]["brief/map/well.md"]["status"] == "succeeded"


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


async def test_the_form_of_an_analysis_takes_sources_and_its_builder_work_as_well(tmp_path: Path) -> None:
    path = tmp_path / "well.md"
    path.write_text("# A plan\n\nIt says what is to be done, and by whom.\n")
    payload = {"path": str(path), "source": "well.md"}
    given: Any = {"work": [{"branch_id": "one", "specialist": "summary", "payload": payload}]}
    out = await build_document_analysis().compile().ainvoke(given, context=FIXED)
    assert list(out["branches"]) == ["one"]
    with pytest.raises(PlanError, match="sources"):
        await graph().ainvoke(given, context=FIXED)
