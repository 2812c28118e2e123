"""What a model's answer rests on: each sentence names its branches, and one that names none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import Scored, merge
from langgraph_quorum.nodes.merging.citations import read
from langgraph_quorum.nodes.merging.synthesis import Synthesis
from tests.chat_models import Scripted
from tests.nodes.synthesized import GOOD, merged

IDS = {name: name for name in ("a", "b", "v1.2 final", "c, d")}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("One loop is slow [speed]. It is broken.", '"It is broken." cites no branch'),
        ("One loop is slow [spede].", "[spede] is no branch"),
        ("One loop is slow [speed, other].", "[speed, other] is no branch"),
        ("# Findings\n\nOne loop is slow [speed].", '"# Findings" cites no branch'),
        ("one loop is slow [speed]. it is broken.", '"it is broken." cites no branch'),
        ("", "the answer holds no sentence"),
        ("[speed]", "the answer holds no sentence"),
    ],
)
def test_a_claim_without_a_source_is_refused_and_the_model_is_told(wrong: str, problem: str) -> None:
    model = Scripted(answers=[wrong, GOOD])
    found = merged(model)
    assert found["value"] == GOOD
    assert problem in str(model.heard[1][-1].content)
    assert found["metadata"]["usage"]["calls"] == 2


def test_branches_whose_names_cannot_stand_in_brackets_are_shown_by_another() -> None:
    results = [Scored(name, "s", "x", quality=0.5) for name in ("page[0]", "page(0)", "two\nlines")]
    found = merge(results, Synthesis(Scripted(answers=["Fine [page(0)]. Good [page(0) #2]. So it is [two lines]."])))
    sources = [claim["sources"] for claim in found["metadata"]["claims"]]
    assert sources == [["page(0)"], ["page[0]"], ["two\nlines"]]


def test_an_answer_with_characters_that_cannot_be_stored_loses_them() -> None:
    assert merged(Scripted(answers=["One loop\0 is slow [speed]."]))["value"] == "One loop\ufffd is slow [speed]."


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("One [a]. Two [b].", [["a"], ["b"]]),
        ("One. [a] Two. [b]", [["a"], ["b"]]),
        ("One.[a] Two.[b]", [["a"], ["b"]]),
        ("One [a]. [b] says two.", [["a"], ["b"]]),
        ("One [a][b] and two [a].", [["a", "b"]]),
        ("One [a, b]! Two? [b]", [["a", "b"], ["b"]]),
        ("- One [a]\n- Two [b]\n\n3. Three [a].", [["a"], ["b"], ["a"]]),
        ("It takes 3.5 s, e.g. Monday, by approx. Ten, No. 7 [a].", [["a"]]),
        ("Read [this](https://a.org/b.html) first [c, d].", [["c, d"]]),
        ("Of the last [v1.2 final]. And of [a; b].", [["v1.2 final"], ["a", "b"]]),
        ('He said "no." [a] Then "yes" [b].', [["a"], ["b"]]),
        ("\u4e00\u3002[a]\u4e8c\u3002[b]", [["a"], ["b"]]),
    ],
)
def test_sentences_and_their_markers_are_told_apart(text: str, sources: list[list[str]]) -> None:
    found = read(text, IDS)
    assert [claim["sources"] for claim in found.claims] == sources
    assert found.problems == []


@pytest.mark.parametrize(
    "text",
    ["One. Two [b].", "One [a]. Two.", "One [a]. [b] Two. Three.", "One.\n[a]", "- One\n- Two [a]", "x[0] is one [a]."],
)
def test_one_sentence_without_a_source_is_enough_to_refuse(text: str) -> None:
    assert len(read(text, IDS).problems) == 1


@given(st.lists(st.sampled_from([".", " ", "[a]", "[", "]", "[z]", "A", "b", "\n", "e.g.", "1. ", "\ue0000\ue001"])))
def test_whatever_a_model_writes_is_read(parts: list[str]) -> None:
    found = read("".join(parts), IDS)
    assert found.claims or found.problems
    assert found.problems or all(claim["sources"] for claim in found.claims)
    assert {source for claim in found.claims for source in claim["sources"]} <= {*IDS}
