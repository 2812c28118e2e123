"""What a human is shown and may answer: every form of an answer, the question's forms, and changed results."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents.middleware.human_in_the_loop import HITLRequest
from pydantic import TypeAdapter

from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.reviewing.answers import Decision, Kind, UnfitAnswerError, understood
from langgraph_quorum.nodes.reviewing.disagreement import at_path, disagreements
from langgraph_quorum.nodes.reviewing.editing import edited, edited_value
from langgraph_quorum.nodes.reviewing.question import question
from langgraph_quorum.nodes.reviewing.summary import summary
from langgraph_quorum.state.merged import Dissent, Merged
from tests.nested import nested

ALL: tuple[Kind, ...] = ("approve", "edit", "pick", "retry", "reject")


def form(**args: Any) -> dict[str, Any]:
    """LangChain's edit of the arguments."""
    return {"decisions": [{"type": "edit", "edited_action": {"name": "approve_result", "args": args}}]}


def inbox(kind: str, args: Any) -> list[dict[str, Any]]:
    """Agent Inbox's response."""
    return [{"type": kind, "args": args}]


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ("approve", Decision("approve")),
        (" Approve ", Decision("approve")),
        ({"type": "approve", "message": "fine"}, Decision("approve", "fine")),
        ({"decisions": [{"type": "approve"}]}, Decision("approve")),
        (inbox("accept", None), Decision("approve")),
        ({"type": "accept", "args": None}, Decision("approve")),
        ('{"type": "approve"}', Decision("approve")),
        ("reject: too long", Decision("reject", "too long")),
        ({"decisions": [{"type": "reject", "message": "no"}]}, Decision("reject", "no")),
        (inbox("ignore", None), Decision("reject")),
        ("pick: a", Decision("pick", branches=("a",))),
        ({"type": "pick", "branch": "a", "message": "best"}, Decision("pick", "best", branches=("a",))),
        (form(result=1, pick="a", retry=[], message="best"), Decision("pick", "best", branches=("a",))),
        ("retry: a, b", Decision("retry", branches=("a", "b"))),
        ({"type": "retry", "branches": ["a"], "message": "m"}, Decision("retry", "m", branches=("a",))),
        ({"type": "retry", "branches": "a"}, Decision("retry", branches=("a",))),
        ({"type": "retry", "branches": ["a", "a"]}, Decision("retry", branches=("a",))),
        (form(result=1, pick="", retry=["a"], message="m"), Decision("retry", "m", branches=("a",))),
        (form(result=1, retry='["a", "b"]'), Decision("retry", branches=("a", "b"))),
        (form(result=1, retry="a, b"), Decision("retry", branches=("a", "b"))),
        (inbox("response", "retry: a"), Decision("retry", branches=("a",))),
        ({"decisions": [{"type": "respond", "message": "pick: a"}]}, Decision("pick", branches=("a",))),
        ({"type": "edit", "value": None}, Decision("edit", value=None)),
        (form(result={"x": 1}, pick="", retry=[], message=""), Decision("edit", value={"x": 1}, typed=True)),
        (
            inbox("edit", {"action": "approve_result", "args": {"result": 2, "message": "m"}}),
            Decision("edit", "m", value=2, typed=True),
        ),
        (form(retry=[], message=""), Decision("approve")),
    ],
)
def test_every_form_of_an_answer_is_understood(answer: Any, decision: Decision) -> None:
    assert understood(answer, ALL) == decision


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("perhaps", "'perhaps' is no decision"),
        ("", "'' is no decision"),
        (None, "None is no answer: give a word or an object with `type`"),
        (3, "3 is no answer"),
        ([], "holds 0 decisions: give exactly one"),
        ({"decisions": [{"type": "approve"}, {"type": "reject"}]}, "decisions holds 2 decisions: give exactly one"),
        ({"decisions": "approve"}, "is no list: give one decision in a list"),
        ({}, "type=None is no decision"),
        ({"type": ["approve"]}, "is no decision"),
        ({"type": "edit"}, "an edit says what the result is to be"),
        (form(message="x"), "the edited arguments lack `result`"),
        (form(result=1, pick="a", retry=["b"]), "both pick and retry are filled in"),
        (form(result=1, retry="[a"), "is not JSON"),
        ('{"type": ', "is not JSON"),
        ({"type": "pick"}, "branch=None names no branch"),
        ("retry: ", "names no branch"),
        ({"type": "retry", "branches": ["a", " "]}, "holds an empty name"),
        ({"type": "retry", "branches": [1]}, "names no branch"),
        (inbox("response", None), "'' is no decision"),
        ([[[[[["approve"]]]]]], "nested too deep"),
        pytest.param({"type": "retry", "branches": nested(200_000)}, "nested too deep to be read", id="deep names"),
        pytest.param({"type": "approve", "message": nested(200_000)}, "nested too deep to be read", id="deep message"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_mend(answer: Any, complaint: str) -> None:
    with pytest.raises(UnfitAnswerError, match='answer with one of "approve"') as refused:
        understood(answer, ALL)
    assert complaint in str(refused.value)


def test_an_answer_that_this_question_does_not_allow_is_refused() -> None:
    with pytest.raises(UnfitAnswerError, match='\'pick\' is not possible here: answer with one of "approve", "reject'):
        understood("pick: a", ("approve", "reject"))


def test_a_request_has_the_shape_that_langchains_middleware_emits() -> None:
    args = {"result": 1, "pick": "", "retry": [], "message": ""}
    asked = question("approve_result", args, "words", review={"kind": "result"}, allowed=ALL, branches=["a", "b"])
    assert TypeAdapter(HITLRequest).validate_python(asked)
    assert asked["action_requests"] == [{"name": "approve_result", "args": args, "description": "words"}]
    (config,) = asked["review_configs"]
    assert config["action_name"] == "approve_result"
    assert config["allowed_decisions"] == ["approve", "edit", "reject"]  # no others have buttons anywhere
    assert config["args_schema"]["properties"]["pick"]["enum"] == ["", "a", "b"]


def test_an_inbox_gets_its_own_shape_with_a_field_for_words() -> None:
    args = {"retry": [], "message": ""}
    allowed: tuple[Kind, ...] = ("approve", "retry")
    asked = question("go_on", args, "words", review={}, allowed=allowed, branches=["a"], form="inbox")
    assert asked["action_request"] == {"action": "go_on", "args": args}
    assert asked["config"] == {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": False}
    assert asked["description"] == "words"


def test_names_of_very_many_branches_are_not_listed() -> None:
    names = [f"b{number}" for number in range(101)]
    asked = question("go_on", {"retry": []}, "", review={}, allowed=("retry",), branches=names)
    assert "enum" not in asked["review_configs"][0]["args_schema"]["properties"]["retry"]["items"]


def record(branch_id: str, result: Any) -> Any:
    return {"branch_id": branch_id, "status": "succeeded", "result": result, "reason": "", "quality": None}


def merged(*results: Scored, **changes: Any) -> Merged:
    whole: Any = {**merge(list(results), "best"), **changes}
    made: Merged = whole
    return made


def test_values_that_lost_stand_beside_the_one_that_was_taken_with_who_holds_them() -> None:
    branches = {name: record(name, {"city": city}) for name, city in (("a", "Rome"), ("b", "Rome"), ("c", "Oslo"))}
    results = [Scored(name, name, branches[name]["result"], 0.9, 1.0) for name in branches]
    dissent = [Dissent(field="city", value="Oslo", share=0.25, branches=["c"])]
    whole = merged(*results, dissent=dissent, support={"city": 0.75}, value={"city": "Rome"})
    (one,) = disagreements(whole, branches)
    assert one["field"] == "city"
    assert one["taken"] == {"value": "Rome", "share": 0.75, "branches": ["a", "b"]}
    assert one["against"] == [{"value": "Oslo", "share": 0.25, "branches": ["c"]}]
    missing = {"d": "failed, no net"}
    words = summary("Well?", whole, task="Say\nwhere", findings=[], sides=[one], branches=branches, missing=missing)
    assert "Task: Say where" in words
    assert "| city | Rome (75%: a, b) | Oslo (25%: c) |" in words
    assert "- d: failed, no net" in words


@pytest.mark.parametrize(
    ("path", "found"),
    [("", {"a.b": {"c": [1, {"d": 2}]}}), ("a.b", {"c": [1, {"d": 2}]}), ("a.b.c.1.d", 2), ("a.x", None)],
)
def test_a_path_is_followed_through_keys_that_hold_dots(path: str, found: Any) -> None:
    assert at_path({"a.b": {"c": [1, {"d": 2}]}}, path) == found


def test_a_pipe_or_a_line_break_in_a_value_does_not_break_the_table() -> None:
    branches = {"a": record("a", {"x": "one|two\nthree"})}
    dissent = [Dissent(field="x", value="4|\n5", share=0.5, branches=["b"])]
    whole = merged(Scored("a", "a", branches["a"]["result"], 0.9, 1.0), dissent=dissent)
    words = summary(
        "?", whole, task="", findings=[], sides=disagreements(whole, branches), branches=branches, missing={}
    )
    assert "| x | one\\|two three (a) | 4\\| 5 (50%: b) |" in words


def test_an_edit_keeps_who_contributed_and_the_support_of_what_was_not_changed() -> None:
    before = merged(Scored("a", "a", {"x": 1, "y": 2}, 0.9, 1.0), support={"x": 1.0, "y": 1.0})
    after = edited(before, {"x": 1, "y": 3}, "y was wrong")
    assert after["value"] == {"x": 1, "y": 3}
    assert after["attribution"] == before["attribution"]
    assert after["support"] == {"x": 1.0}
    assert after["metadata"]["human"] == {"decision": "edit", "message": "y was wrong"}
    assert any("edited by a human" in why for why in after["review"])


def test_json_typed_into_a_form_is_json_and_a_text_for_a_text_stays_one() -> None:
    value_of_form = Decision("edit", value='{"x": 2}', typed=True)
    assert edited_value(value_of_form, merged(Scored("a", "a", {"x": 1}, 0.9, 1.0))) == {"x": 2}
    assert edited_value(value_of_form, merged(Scored("a", "a", "text", 0.9, 1.0))) == '{"x": 2}'
    with pytest.raises(UnfitAnswerError, match="the edited result is not JSON"):
        edited_value(Decision("edit", value="{x", typed=True), merged(Scored("a", "a", {"x": 1}, 0.9, 1.0)))
    with pytest.raises(UnfitAnswerError, match=r"value\.x"):
        edited_value(Decision("edit", value={"x": object()}), merged(Scored("a", "a", {"x": 1}, 0.9, 1.0)))
