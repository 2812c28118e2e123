"""The commands on runs that are stored, and their options. What they do is imported when one of them is called.

Every command returns its exit code.
"""

from __future__ import annotations

import typer

from langgraph_quorum.orchestration.cli import options
from langgraph_quorum.orchestration.cli.exits import APPROVED

stored_app = typer.Typer()


@stored_app.command()
def runs(
    *,
    status: options.Status = None,
    workflow: options.Workflow = None,
    tag: options.Tag = None,
    older_than: options.OlderThan = None,
    newer_than: options.NewerThan = None,
    limit: options.Limit = 50,
    after: options.After = None,
    json: options.JsonFlag = False,
    dsn: options.DsnOption = None,
) -> int:
    """List the runs, the last changed first."""
    from langgraph_quorum.orchestration.cli.listing import list_threads, wanted_runs  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    wanted = wanted_runs(
        status=status,
        workflow=workflow,
        tag=tag,
        older_than=older_than,
        newer_than=newer_than,
        limit=limit,
        after=after,
    )
    return run_to_end(lambda _: list_threads(dsn, wanted, as_json=json))


@stored_app.command()
def show(thread: options.ThreadArgument, json: options.JsonFlag = False, dsn: options.DsnOption = None) -> int:
    """Show how a run stands, without driving it."""
    from langgraph_quorum.orchestration.cli.looking import show_thread  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: show_thread(dsn, thread, as_json=json))


@stored_app.command()
def watch(thread: options.ThreadArgument, json: options.JsonLines = False, dsn: options.DsnOption = None) -> int:
    """Watch a run that goes on elsewhere, from its beginning to its end. Ctrl-C leaves the run alone."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.onlooking import watch_run  # noqa: PLC0415

    return run_to_end(lambda interruption: watch_run(dsn, thread, interruption, as_json=json))


@stored_app.command()
def history(
    thread: options.ThreadArgument,
    *,
    limit: options.Steps = 50,
    before: options.Before = None,
    json: options.JsonFlag = False,
    dsn: options.DsnOption = None,
) -> int:
    """List the states a run has stood in, the newest first: what it can be forked from."""
    from langgraph_quorum.orchestration.cli.looking import show_history  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: show_history(dsn, thread, limit=limit, before=before, as_json=json))


@stored_app.command()
def explain(thread: options.ThreadArgument, json: options.JsonFlag = False, dsn: options.DsnOption = None) -> int:
    """Say why a run came out as it did: who was waited for, how results weigh, who disagreed, what it cost."""
    from langgraph_quorum.orchestration.cli.explaining import explain_thread  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415

    return run_to_end(lambda _: explain_thread(dsn, thread, as_json=json))


@stored_app.command()
def remerge(
    thread: options.ThreadArgument,
    *,
    strategy: options.Strategy,
    quality_share: options.QualityShare = None,
    speed_share: options.SpeedShare = None,
    halving: options.Halving = None,
    json: options.JsonFlag = False,
    dsn: options.DsnOption = None,
) -> int:
    """Merge what a run has stored once more, beside how it was merged. No specialist runs, nothing is written."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.remerging import RemergeRequest, remerge_thread  # noqa: PLC0415

    request = RemergeRequest.of(thread, strategy, quality_share=quality_share, speed_share=speed_share, halving=halving)
    return run_to_end(lambda _: remerge_thread(dsn, request, as_json=json))


@stored_app.command()
def resume(
    thread: options.ThreadArgument,
    *,
    answer: options.Answer = None,
    on_busy: options.OnBusy = "reject",
    dsn: options.DsnOption = None,
    json: options.JsonTarget = None,
    quiet: options.Quiet = False,
) -> int:
    """Go on with a run that was stopped or cancelled, crashed, or waits for an answer. What is finished stays so."""
    from langgraph_quorum.orchestration.cli.busy import checked_on_busy  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.delivery import Delivery  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.resume import ResumeRequest, resume_thread  # noqa: PLC0415

    delivery = Delivery(json, quiet)
    request = ResumeRequest(thread, answer, checked_on_busy(on_busy), dsn)
    return run_to_end(lambda interruption: resume_thread(request, delivery, interruption))


@stored_app.command()
def fork(
    thread: options.ThreadArgument,
    *,
    checkpoint: options.CheckpointId = None,
    into: options.Into = None,
    values: options.Values = None,
    as_node: options.AsNode = None,
    dsn: options.DsnOption = None,
) -> int:
    """Copy a run as it stood at a checkpoint into a thread of its own, and print that thread. Nothing is driven."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.managing import Copy, fork_run  # noqa: PLC0415

    copy = Copy(checkpoint, into, values, as_node)
    return run_to_end(lambda _: fork_run(dsn, thread, copy))


@stored_app.command()
def cancel(
    thread: options.ThreadArgument,
    *,
    reason: options.Reason = None,
    wait: options.Wait = None,
    dsn: options.DsnOption = None,
) -> int:
    """Stop a run for good, whoever drives it. What is finished is kept; only `quorum resume` goes on with it."""
    from langgraph_quorum.orchestration.cli.durations import duration_s  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.managing import cancel_run  # noqa: PLC0415

    wait_s = duration_s("--wait", wait)
    return run_to_end(lambda _: cancel_run(dsn, thread, reason, wait_s))


@stored_app.command()
def drain(thread: options.ThreadArgument, *, wait: options.Wait = None, dsn: options.DsnOption = None) -> int:
    """Stop a run soon, whoever drives it, with what is finished; `quorum resume` goes on with it."""
    from langgraph_quorum.orchestration.cli.durations import duration_s  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.managing import drain_run  # noqa: PLC0415

    wait_s = duration_s("--wait", wait)
    return run_to_end(lambda _: drain_run(dsn, thread, wait_s))


@stored_app.command()
def delete(thread: options.ThreadArgument, *, yes: options.Yes = False, dsn: options.DsnOption = None) -> int:
    """Delete all that the database holds of a run."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.managing import check_stored, checked_deletion, delete_run  # noqa: PLC0415

    if not yes and (code := run_to_end(lambda _: check_stored(dsn, thread))):
        return code
    if not checked_deletion(thread, yes=yes):
        return APPROVED
    return run_to_end(lambda _: delete_run(dsn, thread))


@stored_app.command()
def prune(
    *,
    older_than: options.OlderThan = None,
    keep: options.Keep = None,
    keep_latest: options.KeepLatest = False,
    status: options.PrunedStatus = None,
    workflow: options.Workflow = None,
    tag: options.Tag = None,
    dry_run: options.DryRun = False,
    json: options.JsonFlag = False,
    dsn: options.DsnOption = None,
) -> int:
    """Delete old runs, or with --keep-latest only their steps. What runs, waits or was stopped stays."""
    from langgraph_quorum.orchestration.cli.looping import run_to_end  # noqa: PLC0415
    from langgraph_quorum.orchestration.cli.pruning import prune_threads, pruned_runs  # noqa: PLC0415

    pruned = pruned_runs(
        older_than=older_than,
        keep=keep,
        status=status,
        workflow=workflow,
        tag=tag,
        keep_latest=keep_latest,
    )
    return run_to_end(lambda _: prune_threads(dsn, pruned, dry_run=dry_run, as_json=json))
