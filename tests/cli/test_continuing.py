"""Answers as they are typed, matched to the questions that are open."""

from __future__ import annotations

import pytest

from langgraph_quorum.orchestration.cli.continuing import answers_to
from langgraph_quorum.state.errors import AnswerError


def test_a_word_answers_the_only_question() -> None:
    assert answers_to({"q1": {}}, "approve") == {"q1": "approve"}


def test_json_answers_the_only_question() -> None:
    assert answers_to({"q1": {}}, '{"decisions": [{"type": "reject"}]}') == {"q1": {"decisions": [{"type": "reject"}]}}


def test_an_object_by_question_id_answers_some_of_them() -> None:
    assert answers_to({"q1": {}, "q2": {}}, '{"q2": "approve"}') == {"q2": "approve"}


def test_no_answer_answers_nothing() -> None:
    assert answers_to({"q1": {}}, None) == {}


def test_a_word_for_several_questions_is_refused() -> None:
    with pytest.raises(AnswerError, match=r"2 questions are open: give a JSON object by question id \(q1, q2\)"):
        answers_to({"q1": {}, "q2": {}}, "approve")


def test_words_that_only_look_like_json_are_the_answer_itself() -> None:
    assert answers_to({"q": {}}, "[" * 20_000) == {"q": "[" * 20_000}
    assert answers_to({"q": {}}, "{approve") == {"q": "{approve"}
