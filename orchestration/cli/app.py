"""The commands and their options. What they do is imported when one of them is called, so that --help answers at once.

Every command returns its exit code.
"""

from __future__ import annotations

import importlib.metadata
import math
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from langgraph_quorum.orchestration.cli import options
from langgraph_quorum.orchestration.cli.database_commands import db_app
from langgraph_quorum.orchestration.cli.exits import APPROVED, INTERRUPTED, RefusedError
from langgraph_quorum.orchestration.cli.review_command import review
from langgraph_quorum.orchestration.cli.stored_commands import prune, stored_app


class _Commands(TyperGroup):
    """All commands: Ctrl-C while one of them is imported, or asks something, is told as everywhere."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; typer itself would end it without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise RefusedError("interrupted", code=INTERRUPTED) from None


app = typer.Typer(
    name="quorum",
    cls=_Commands,
    help="Fan work out to specialists, move on at a quorum of good answers, and never lose finished work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run_app = typer.Typer(help="Start a run of one of the shipped workflows.", no_args_is_help=True)
app.add_typer(run_app, name="run")
demo_app = typer.Typer(help="See for yourself what the quorum join does.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")
app.add_typer(stored_app)
app.command()(review)
app.add_typer(db_app, name="db")
db_app.command()(prune)


@app.callback(invoke_without_command=True)
def quorum(version: options.Version = False) -> None:
    """Fan work out to specialists, move on at a quorum of good answers, and never lose finished work."""
    if version:
        sys.stdout.write(f"quorum {importlib.metadata.version('langgraph-quorum')}\n")
        raise typer.Exit(APPROVED)


@run_app.callback()
def run() -> None:
    """Start a run of one of the shipped workflows."""


@run_app.command()
def analyse(
    paths: options.Paths,
    *,
    specialist: options.SpecialistNames = None,
    threshold: options.Threshold = 0.75,
    grace: options.Grace = 5.0,
    deadline: options.Deadline = 120.0,
    minimum: options.Minimum = 1,
    mode: options.Mode = "auto",
    review: options.Review = "never",
    pause_before: options.PauseBefore = None,
    expires: options.Expires = math.inf,
    on_expiry: options.OnExpiry = "reject",
    thread: options.Thread = None,
    tag: options.Tags = None,
    on_busy: options.OnBusy = "reject",
    dsn: options.DsnOption = None,
    json: options.JsonTarget = None,
    quiet: options.Quiet = False,
) -> int:
    """Analyse documents: each by each specialist, weighed, checked and put together."""
    from langgraph_quorum.orchestration.cli.analyse import AnalyseRequest, analyse_documents  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.busy import checked_on_busy  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.delivery import Delivery  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.settings import (  # noqa: PLC0415
        checked_questions,
        checked_review,
        checked_sync,
        refuse_idle_expiry,
    )

    delivery = Delivery(json, quiet)
    sync = checked_sync(threshold=threshold, grace_s=grace, deadline_s=deadline, minimum=minimum)
    request = AnalyseRequest(
        paths,
        specialist or [],
        sync,
        mode,
        checked_review(review),
        checked_questions(pause_before or [], expires_s=expires, on_expiry=on_expiry),
        thread,
        tag or [],
        checked_on_busy(on_busy),
        dsn,
    )
    refuse_idle_expiry(request.review, request.questions)
    return run_to_end(lambda interruption: analyse_documents(request, delivery, interruption))


@demo_app.callback()
def demo() -> None:
    """See for yourself what the quorum join does."""


@demo_app.command()
def straggler(hang: options.Hang = 5.0) -> int:
    """Run five specialists, one hanging and one failing, on plain LangGraph and here, side by side."""
    from langgraph_quorum.orchestration.cli.demo import show_straggler  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: show_straggler(hang))


@app.command()
def doctor(dsn: options.DsnOption = None, json: options.JsonFlag = False) -> int:
    """Say which database is used, and everything that is wrong with it."""
    from langgraph_quorum.orchestration.cli.doctor import examine  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: examine(dsn, as_json=json))
