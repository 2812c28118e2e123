"""`quorum review`: the question that a run asks about its result is shown, and answered."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph_quorum.orchestration.cli.databases import database, database_to_read
from langgraph_quorum.orchestration.cli.delivery import Delivery
from langgraph_quorum.orchestration.cli.exits import WAITING, RefusedError, complain
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.json_output import STDOUT, print_json
from langgraph_quorum.orchestration.cli.looping import run_to_end
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.choice import progress_for
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import analyses, known_run, settings_of, work_of
from langgraph_quorum.orchestration.cli.unfit import UnfitError, check_taken

_MOST = 10
"""Answers that are asked for in one go; the workflow takes no more that do not fit."""


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What was asked for on the command line, besides the answer.

    Attributes:
        thread: The thread.
        question: Which question, by its id; None for the only one.
        dsn: The database; None for QUORUM_DSN or the embedded server.
        as_json: Print JSON.
        quiet: No progress.
    """

    thread: str
    question: str | None
    dsn: str | None = field(repr=False)
    as_json: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question about a result, with its run.

    Attributes:
        thread_id: Of the run.
        name: The question's id.
        asked: Its payload, as the run has written it.
        value: The result that it is about, with all its texts; None at a pause.
        overdue: Whether its time is up.
    """

    thread_id: str
    name: str
    asked: Mapping[str, Any]
    value: Any
    overdue: bool


def review_thread(request: ReviewRequest, answer: Mapping[str, Any] | None, *, expired: bool) -> int:
    """Do it, and return the exit code: 5 while the question is open, else that of the outcome.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: no question is open, the answer does not fit it, or a Python program runs the thread.
        AnswerError: the question has expired.
        QuorumError: the run cannot go on, or the database cannot be used.
    """
    if answer is not None or expired:
        return run_to_end(lambda interruption: _answered(request, answer, interruption))
    shown: list[OpenQuestion] = []
    code = run_to_end(lambda _: _looked_at(request, shown))
    if not shown or request.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return code
    return _dialogue(request, shown[0])


def _dialogue(request: ReviewRequest, question: OpenQuestion) -> int:
    """Ask the person at the terminal until the run has taken an answer. The database is left alone meanwhile."""
    from langgraph_quorum.orchestration.cli.review_dialogue import ask  # noqa: PLC0415

    for _ in range(_MOST):
        answer = ask(question)
        if answer is None:
            return WAITING
        try:
            return run_to_end(functools.partial(_answered, request, answer))
        except UnfitError as error:
            complain(error)
            request = replace(request, question=error.question)
    return WAITING


async def _looked_at(request: ReviewRequest, shown: list[OpenQuestion]) -> int:
    """Print the open question, and put it into `shown`."""
    async with database_to_read(request.dsn) as pool:
        stored = await known_run(pool, checked_thread(request.thread), "resume")
        async with analyses(pool, settings_of(stored)) as orchestrator:
            outcome = await orchestrator.get(stored.thread_id)
        question = await _open_question(pool, outcome, request.question)
    shown.append(question)
    if request.as_json:
        told = {"thread_id": question.thread_id, "status": outcome["status"], "overdue": question.overdue}
        print_json({**told, "interrupts": {question.name: question.asked}})
        return WAITING
    from langgraph_quorum.orchestration.cli.rendering.review import print_review  # noqa: PLC0415  imports rich

    print_review(question, dsn_given=request.dsn is not None)
    return WAITING


async def _open_question(pool: Any, outcome: Mapping[str, Any], name: str | None) -> OpenQuestion:
    from langgraph_quorum.orchestration.artifacts import default_artifacts, with_text  # noqa: PLC0415
    from langgraph_quorum.orchestration.expiry import overdue  # noqa: PLC0415
    from langgraph_quorum.orchestration.persistence.encryption import environment_sealer  # noqa: PLC0415

    name, asked = _chosen(outcome, name)
    store = default_artifacts(pool, environment_sealer())
    whole = await with_text({"result": _arguments(asked).get("result")}, store)
    late = await overdue(pool, {name: asked})
    return OpenQuestion(outcome["thread_id"], name, asked, whole["result"], bool(late))


def _chosen(outcome: Mapping[str, Any], name: str | None) -> tuple[str, Mapping[str, Any]]:
    """The question that is meant.

    Raises:
        RefusedError: none is open, several are, or the one named is none about a result.
    """
    thread_id, questions = outcome["thread_id"], outcome["interrupts"]
    about = {one: asked for one, asked in questions.items() if isinstance(asked, Mapping) and "review" in asked}
    if name is not None and name not in about:
        known = ", ".join(about) or "none"
        raise RefusedError(f"--question {name}: no such question about the result is open: there are {known}")
    if not about:
        other = f": answer what its branches ask with quorum resume {thread_id} --answer" if questions else ""
        raise RefusedError(f"thread {thread_id!r} asks nothing about its result, it is {outcome['status']}{other}")
    if name is None and len(about) > 1:
        raise RefusedError(f"{len(about)} questions are open: name one with --question ({', '.join(about)})")
    name = name or next(iter(about))
    return name, about[name]


def _arguments(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What may be edited, in either form of the question."""
    for request in asked.get("action_requests") or [asked.get("action_request")]:
        args = request.get("args") if isinstance(request, Mapping) else None
        if isinstance(args, Mapping):
            return args
    return {}


async def _answered(request: ReviewRequest, answer: Mapping[str, Any] | None, interruption: Interruption) -> int:
    """Give the answer, or none where the time is up, and follow the run to its next stop."""
    thread_id, delivery = checked_thread(request.thread), Delivery(STDOUT if request.as_json else None, request.quiet)
    async with progress_for(quiet=request.quiet) as progress, database(request.dsn, progress) as pool:
        stored = await known_run(pool, thread_id, "resume")
        follower = Follower(progress, interruption, delivery, request.dsn is not None)
        async with analyses(pool, settings_of(stored)) as orchestrator:
            before = await orchestrator.get(thread_id)
            question = await _open_question(pool, before, request.question)
            if answer is None and not question.overdue:
                raise RefusedError(f"--expired: {_still_open(question.asked)}")
            answers = None if answer is None else {question.name: answer}
            run = await orchestrator.resume(thread_id, answers)
            outcome = await follower.follow(run, Board.of(work_of(stored), before.get("branches", {})))
        check_taken(outcome, before, [question.name], dsn_given=request.dsn is not None)
        return follower.finish(outcome)


def _still_open(asked: Mapping[str, Any]) -> str:
    until = asked["review"].get("expires_at")
    return f"the question is open until {until}: answer it" if until else "the question does not expire: answer it"
