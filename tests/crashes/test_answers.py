"""Answers that were given and not yet used: kept with the run, until their branch has ended or another answer comes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.given import Entry, Given
from tests.crashes.continuing import QUESTION
from tests.crashes.crew import Crew
from tests.crashes.ledger import Ledger
from tests.graphs.running import FIXED


async def answered_in_vain(dsn: str, path: Path, answer: str) -> str:
    """A run that was given this answer, and stopped before its branch had ended. Gives the id of the question."""
    crew = Crew(Ledger(path), ["a", "b"])
    async with asyncio.timeout(30), Orchestrator.open(QUESTION.build(crew), dsn) as quorum:
        run = await quorum.start({"task": "survive", "work": QUESTION.work}, "t", context=FIXED)
        (question,) = (await run.result())["interrupts"]
        await quorum.resume("t", {question: answer}, context=FIXED)
    return str(question)


async def said(dsn: str, path: Path, answers: dict[str, Any] | None) -> Any:
    """What the branch was told in the end."""
    async with asyncio.timeout(30), Orchestrator.open(QUESTION.build(Crew(Ledger(path))), dsn) as quorum:
        outcome = await (await quorum.resume("t", answers, context=FIXED)).result()
        options = (await quorum.list())[0].options
    assert (outcome["status"], outcome["interrupts"]) == ("approved", {})
    assert set(options) == {"kept_answers"}
    return outcome["branches"]["asking"]["result"]["said"]


@pytest.mark.slow
async def test_an_answer_outlives_the_drain_that_stopped_its_branch(database: str, tmp_path: Path) -> None:
    await answered_in_vain(database, tmp_path / "ledger", "yes")
    assert await said(database, tmp_path / "ledger", None) == "yes"


@pytest.mark.slow
async def test_a_new_answer_takes_the_place_of_the_kept_one(database: str, tmp_path: Path) -> None:
    question = await answered_in_vain(database, tmp_path / "ledger", "yes")
    assert await said(database, tmp_path / "ledger", {question: "no"}) == "no"


def given(**answers: Any) -> Given:
    return Given(None, Entry("", {}), answers)


def test_answers_to_questions_that_are_not_open_any_more_are_dropped() -> None:
    remembering = given(new="no").remembering({"kept_answers": {"open": "yes", "closed": "yes"}}, ["open", "new"])
    entry = remembering.entered("look", {"input": {}, "kept_answers": {"closed": "yes"}})
    assert entry == Entry("look", {"input": {}, "kept_answers": {"open": "yes", "new": "no"}})


@pytest.mark.parametrize("answer", [object(), float("nan"), "a\0b", ["\ud800"], {"deep": "\0"}])
def test_an_answer_that_the_register_could_not_give_back_is_not_kept(answer: Any) -> None:
    assert given(question=answer).entered("look", {"input": {}}) == Entry("look", {"input": {}})
