"""What forms say of the fields of an input and of a context is true of the runs that they start."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs import document_analysis, document_brief, document_sign_off, straggler
from langgraph_quorum.state.form import SETTINGS
from tests.studio.server import ROOT

DOCUMENT = str(ROOT / "examples" / "documents" / "pep-0020.rst")
NUMBERS = ("threshold", "grace_s", "deadline_s", "minimum")
SPOKEN = {"type": "human", "content": "Review the page"}


async def repeat(branch: Branch) -> dict[str, Any]:
    return {"findings": [branch.task, branch.branch_id], "confidence": 0.9}


def plain() -> Any:
    return build_workflow([Specialist("one", repeat), Specialist("two", repeat)]).compile()


GRAPHS = {"plain": plain, "straggler": straggler.graph, "document_analysis": document_analysis.graph}
BESIDES: dict[tuple[str, str], dict[str, Any]] = {
    ("plain", "task"): {"messages": [SPOKEN]},
    ("plain", "sources"): {"task": "x"},
    ("plain", "work"): {"task": "x"},
    ("plain", "messages"): {"task": "x"},
    ("straggler", "task"): {},
    ("document_analysis", "task"): {"sources": [DOCUMENT]},
}
"""By graph and field that may be left out: what else a run is given."""


@pytest.mark.parametrize("name", GRAPHS)
def test_each_field_that_may_be_left_out_has_a_default_that_fits_it(name: str) -> None:
    form = GRAPHS[name]().get_input_jsonschema()
    required = form.get("required", [])
    fields = {field: shown for field, shown in form["properties"].items() if field not in required}
    assert {(name, field) for field in fields} == {place for place in BESIDES if place[0] == name}
    for shown in fields.values():
        Draft202012Validator({**shown, "$defs": form.get("$defs", {})}).validate(shown["default"])
    assert all("default" not in form["properties"][field] for field in required)  # to leave it out is refused


@pytest.mark.parametrize(("name", "field"), BESIDES)
async def test_to_give_the_default_of_a_field_is_to_leave_the_field_out(name: str, field: str) -> None:
    graph = GRAPHS[name]()
    given = BESIDES[name, field]
    default = graph.get_input_jsonschema()["properties"][field]["default"]
    left_out, spelled_out = [await graph.ainvoke(values) for values in (given, {**given, field: default})]
    assert came_to(spelled_out) == came_to(left_out)
    assert spelled_out["status"] == left_out["status"] == "approved"


@pytest.mark.parametrize("field", NUMBERS)
def test_a_setting_says_what_a_workflow_goes_by_that_was_built_without_it(field: str) -> None:
    own = f"{getattr(SyncPolicy(), field):g}"
    assert f"the workflow's own, which is {own} unless" in settings()["properties"][field]["description"]


def test_so_does_the_strategy() -> None:
    own = inspect.signature(build_workflow).parameters["merge"].default
    assert f"the workflow's own, which is {own} unless" in settings()["properties"]["merge"]["description"]


def test_labels_say_units_and_the_form_says_nothing_of_what_code_may_catch() -> None:
    form = settings()
    labels = [shown["title"] for shown in form["properties"].values()]
    assert labels == ["Threshold", "Grace (s)", "Deadline (s)", "Minimum", "Merge"]
    assert form["description"] == SETTINGS


def came_to(out: Any) -> dict[str, tuple[str, Any]]:
    """How each branch ended, and with what."""
    return {name: (record["status"], record["result"]) for name, record in out["branches"].items()}


OF_BUILDERS: list[tuple[ModuleType, Callable[[], object]]] = [
    (straggler, straggler.graph),
    (document_analysis, document_analysis.graph),
    (document_brief, document_brief.build_document_brief),
    (document_sign_off, document_sign_off.build_document_sign_off),
]


def test_the_page_says_what_each_shipped_graph_goes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "studio.md").read_text("utf-8")
    _, *rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith(("| setting", "| `"))]
    said = {row[0].strip("`"): [float(cell) for cell in row[2:]] for row in rows if row[0].strip("`") in NUMBERS}
    assert said == {
        field: [getattr(policy_of(monkeypatch, *built), field) for built in OF_BUILDERS[:3]] for field in NUMBERS
    }
    assert policy_of(monkeypatch, *OF_BUILDERS[2]) == policy_of(monkeypatch, *OF_BUILDERS[3])  # one column for both


def policy_of(monkeypatch: pytest.MonkeyPatch, module: ModuleType, build: Callable[[], object]) -> SyncPolicy:
    """The sync policy that a shipped graph is built with: that of its outer workflow."""
    given: list[SyncPolicy] = []

    def noting(crew: Any, sync: SyncPolicy | None = None, *more: Any, **named: Any) -> Any:
        given.append(sync or SyncPolicy())
        return build_workflow(crew, sync, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(module, "build_workflow", noting)
        build()
    (policy,) = given
    return policy


def settings() -> Any:
    """The form of the context."""
    return plain().get_context_jsonschema()
