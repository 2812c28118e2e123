"""The commands and their options. What they do is imported when one of them is called, so that --help answers at once.

Every command returns its exit code.
"""

from __future__ import annotations

import importlib.metadata
import sys

import typer

from langgraph_quorum.orchestration.cli import options
from langgraph_quorum.orchestration.cli.exits import APPROVED

app = typer.Typer(
    name="quorum",
    help="Fan work out to specialists, move on at a quorum of good answers, and never lose finished work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run_app = typer.Typer(help="Start a run of one of the shipped workflows.", no_args_is_help=True)
app.add_typer(run_app, name="run")
demo_app = typer.Typer(help="See for yourself what the quorum join does.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")


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
    thread: options.Thread = None,
    dsn: options.DsnOption = None,
    json: options.JsonTarget = None,
    quiet: options.Quiet = False,
) -> int:
    """Analyse documents: each by each specialist, weighed, checked and put together."""
    from langgraph_quorum.orchestration.cli.analyse import AnalyseRequest, analyse_documents  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.delivery import Delivery  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.settings import checked_sync  # noqa: PLC0415

    delivery = Delivery(json, quiet)
    sync = checked_sync(threshold=threshold, grace_s=grace, deadline_s=deadline, minimum=minimum)
    request = AnalyseRequest(paths, specialist or [], sync, mode, thread, dsn)
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
def runs(json: options.JsonFlag = False, limit: options.Limit = 50, dsn: options.DsnOption = None) -> int:
    """List the runs, the last changed first."""
    from langgraph_quorum.orchestration.cli.looking import list_threads  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: list_threads(dsn, limit=limit, as_json=json))


@app.command()
def show(thread: options.ThreadArgument, json: options.JsonFlag = False, dsn: options.DsnOption = None) -> int:
    """Show how a run stands, without driving it."""
    from langgraph_quorum.orchestration.cli.looking import show_thread  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: show_thread(dsn, thread, as_json=json))


@app.command()
def resume(
    thread: options.ThreadArgument,
    answer: options.Answer = None,
    dsn: options.DsnOption = None,
    json: options.JsonTarget = None,
    quiet: options.Quiet = False,
) -> int:
    """Go on with a run that was stopped, crashed, or waits for an answer. Nothing that is finished runs again."""
    from langgraph_quorum.orchestration.cli.delivery import Delivery  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.resume import ResumeRequest, resume_thread  # noqa: PLC0415

    delivery = Delivery(json, quiet)
    request = ResumeRequest(thread, answer, dsn)
    return run_to_end(lambda interruption: resume_thread(request, delivery, interruption))


@app.command()
def doctor(dsn: options.DsnOption = None, json: options.JsonFlag = False) -> int:
    """Say which database is used, and everything that is wrong with it."""
    from langgraph_quorum.orchestration.cli.doctor import examine  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: examine(dsn, as_json=json))
