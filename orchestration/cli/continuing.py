"""Taking up a run that is stored: it is shown when it has finished, and goes on when it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langgraph_quorum.orchestration.cli.busy import OnBusy
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.threads import FINISHED, analyses, settings_of, work_of
from langgraph_quorum.orchestration.cli.unfit import check_taken
from langgraph_quorum.orchestration.cli.words import counted
from langgraph_quorum.orchestration.orchestrator import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.errors import AnswerError


async def continue_run(
    pool: Pool, stored: StoredRun, follower: Follower, answer: str | None = None, *, on_busy: OnBusy = "reject"
) -> dict[str, Any]:
    """The outcome of a stored run, after it went on if there was anything left to do.

    Args:
        pool: The database.
        stored: The run.
        follower: Shows it.
        answer: To the open question, as it was typed.
        on_busy: When another process runs it.

    Raises:
        ThreadBusyError: another driver runs it.
        AnswerError: the answer fits no open question.
        UnfitError: the run has not taken the answer, and asks again.
        QuorumError: it could not be done, or the database failed.
    """
    thread_id = stored.thread_id
    async with analyses(pool, settings_of(stored)) as orchestrator:
        before = await orchestrator.get(thread_id)
        answers = answers_to(before["interrupts"], answer)
        if before["status"] in FINISHED and await _at_its_end(orchestrator, before):
            follower.progress.note(f"thread {thread_id} has finished before: nothing is run again")
            return before
        if before["status"] == "waiting" and not answers:
            return before
        records = before.get("branches", {})
        board = Board.of(work_of(stored), records)
        run = await orchestrator.resume(thread_id, answers, on_busy=on_busy)
        follower.progress.note(
            f"thread {thread_id} goes on: {counted(board.kept, 'finished branch', 'finished branches')} kept"
        )
        outcome = await follower.follow(run, board)
    check_taken(outcome, before, answers, dsn_given=follower.dsn_given)
    return outcome


async def _at_its_end(orchestrator: Orchestrator, outcome: Mapping[str, Any]) -> bool:
    """Whether nothing is left to do: a run has failed by its verdict, or because its graph raised before the end."""
    if outcome["status"] != "failed":
        return True
    latest = await orchestrator.history(outcome["thread_id"], limit=1)
    return bool(latest) and not latest[0].next  # without one it failed before its first checkpoint


def answers_to(questions: Mapping[str, Any], answer: str | None) -> dict[str, Any]:
    """Answers by the id of their question.

    Args:
        questions: The open ones, by id.
        answer: A word, or JSON: an answer for the only question, or an object of answers by question id.

    Raises:
        AnswerError: no question is open, or several are and the answer does not say which it is for.
    """
    if answer is None:
        return {}
    if not questions:
        raise AnswerError("--answer: no question is open on this thread: leave it out")
    value = _parsed(answer)
    if isinstance(value, dict) and value and value.keys() <= questions.keys():
        return value
    if len(questions) > 1:
        ids = ", ".join(questions)
        raise AnswerError(f"--answer: {len(questions)} questions are open: give a JSON object by question id ({ids})")
    return dict.fromkeys(questions, value)


def _parsed(answer: str) -> Any:
    """JSON when it is JSON, else the words themselves."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer
