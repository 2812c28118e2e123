"""The command `quorum review` and its options. What it does is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from langgraph_quorum.orchestration.cli import options

Approve = Annotated[bool, typer.Option("--approve", help="Take the result as it is; at a pause: go on.")]
Reject = Annotated[str | None, typer.Option(metavar="REASON", help="Do not take it: the run has failed.")]
Pick = Annotated[str | None, typer.Option(metavar="BRANCH", help="Take this branch's result instead.")]
Retry = Annotated[
    list[str] | None,
    typer.Option(metavar="BRANCH", help="Do this branch once more, then merge and check again; may be repeated."),
]
Edit = Annotated[
    str | None, typer.Option(metavar="FILE|-", help="Take what this file holds instead, JSON; - for standard input.")
]
Value = Annotated[str | None, typer.Option(metavar="JSON", help="Take this instead.")]
Message = Annotated[
    str | None, typer.Option(metavar="WORDS", help="Kept with the answer; branches that are done once more are told.")
]
Expired = Annotated[
    bool, typer.Option("--expired", help="Where the time to answer is up: do what was said for that case.")
]
Question = Annotated[str | None, typer.Option(metavar="ID", help="Which question, where several are open.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON: the question, or the outcome after an answer.")]


def review(
    thread: options.ThreadArgument,
    *,
    approve: Approve = False,
    reject: Reject = None,
    pick: Pick = None,
    retry: Retry = None,
    edit: Edit = None,
    value: Value = None,
    message: Message = None,
    expired: Expired = False,
    question: Question = None,
    dsn: options.DsnOption = None,
    json: JsonOption = False,
    quiet: options.Quiet = False,
) -> int:
    """Show what a run asks about its result, where specialists disagree side by side, and answer it.

    On a terminal it asks for the answer. Elsewhere it only shows the question, unless an answer is given.
    """
    from langgraph_quorum.orchestration.cli.review import ReviewRequest, review_thread  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.review_answers import Asked, answer_of  # noqa: PLC0415

    asked = Asked(approve, reject, pick, tuple(retry or ()), edit, value, message, expired)
    request = ReviewRequest(thread, question, dsn, as_json=json, quiet=quiet)
    return review_thread(request, answer_of(asked), expired=expired)
