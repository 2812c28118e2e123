"""`quorum prune`: old runs are taken away."""

from __future__ import annotations

import sys
from dataclasses import asdict

from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.durations import duration_s
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.listing import checked_name, checked_status
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.words import counted, printable
from langgraph_quorum.orchestration.persistence.artifacts.collecting import collect
from langgraph_quorum.orchestration.pruning import Pruned, PruneReport, prune_runs

_NAMED = 20
"""Threads that are named; more are counted."""


def pruned_runs(
    *,
    older_than: str | None,
    keep: int | None,
    status: list[str] | None,
    workflow: str | None,
    tag: str | None,
    keep_latest: bool,
) -> Pruned:
    """Which runs go, as it was typed.

    Raises:
        RefusedError: naming the option that is wrong, and what to give instead.
    """
    chosen = tuple(found for name in status or () if (found := checked_status(name)) is not None)
    if "running" in chosen:
        raise RefusedError("--status running: a run that goes on is not pruned: cancel it first")
    if older_than is None and keep is None:
        raise RefusedError("prune: say which runs: --older-than 30d, or --keep 100, or both")
    if keep is not None and keep < 0:
        raise RefusedError(f"--keep {keep}: give a number from 0")
    older_s = duration_s("--older-than", older_than)
    return Pruned(
        older_than_s=older_s,
        keep=keep,
        keep_latest=keep_latest,
        status=chosen or None,
        workflow=checked_name("--workflow", workflow),
        tag=checked_name("--tag", tag),
    )


async def prune_threads(dsn: str | None, pruned: Pruned, *, dry_run: bool, as_json: bool) -> int:
    """Prune, say what went, and return the exit code.

    Raises:
        QuorumError: the database cannot be used; what was taken away before is gone.
    """
    async with database_to_read(dsn) as pool:
        report = await prune_runs(pool, saver_of(pool), pruned, dry_run=dry_run)
        if not dry_run:
            await collect(pool)
    if as_json:
        print_json(asdict(report))
    else:
        sys.stdout.write("".join(f"{line}\n" for line in report_lines(report)))
    return APPROVED


def report_lines(report: PruneReport) -> list[str]:
    """What was taken away, in words."""
    would = "would be " if report.dry_run else ""
    lines = [
        f"{counted(len(threads), 'run')} {would}{what}{_named(threads)}"
        for threads, what in ((report.deleted, "deleted"), (report.thinned, "thinned out to the latest state"))
        if threads
    ]
    if report.skipped:
        why = "in use, or of a kind that cannot be thinned out"
        lines.append(f"{counted(len(report.skipped), 'run')} left alone, {why}{_named(report.skipped)}")
    return lines or ["nothing to prune"]


def _named(threads: tuple[str, ...]) -> str:
    rest = f" and {len(threads) - _NAMED} more" if len(threads) > _NAMED else ""
    return f": {', '.join(map(printable, threads[:_NAMED]))}{rest}"
