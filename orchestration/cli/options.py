"""The arguments and options of the commands, as typer reads them."""

from __future__ import annotations

from typing import Annotated

import typer

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Files, folders, globs, or - for standard input. Markdown, reStructuredText, text, HTML, PDF, DOCX.",
        show_default=False,
    ),
]
ThreadArgument = Annotated[str, typer.Argument(metavar="THREAD", help="The run's thread, as `quorum runs` lists it.")]
SpecialistNames = Annotated[
    list[str] | None,
    typer.Option("--specialist", metavar="NAME", help="Only this specialist; may be repeated. All when left out."),
]
Threshold = Annotated[
    float, typer.Option(metavar="SHARE", help="Share of the branches whose good answers are enough, above 0 up to 1.")
]
Grace = Annotated[float, typer.Option(metavar="SECONDS", help="What stragglers still get once that share is reached.")]
Deadline = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="When each fan-out goes on with what there is; inf for never. What ran out of time is sent out once more,"
        " so a run can take up to twice as long.",
    ),
]
Minimum = Annotated[int, typer.Option(metavar="N", help="Good answers without which the run fails.")]
Review = Annotated[
    str, typer.Option(metavar="WHEN", help="Ask a human about the result: never, unmet or always (quorum review).")
]
PauseBefore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NODE", help="Stop before this and ask whether to go on: sync_point or validator; may be repeated."
    ),
]
Expires = Annotated[float, typer.Option(metavar="SECONDS", help="How long each question is open; inf for ever.")]
OnExpiry = Annotated[
    str, typer.Option(metavar="ANSWER", help="What an unanswered question then counts as: approve or reject.")
]
Mode = Annotated[str, typer.Option(metavar="MODE", help="auto, parallel, sequential or adaptive.")]
Thread = Annotated[
    str | None,
    typer.Option(metavar="ID", help="The run's thread: one that was stopped goes on, a finished one is shown again."),
]
DsnOption = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="Postgres to keep everything in; else QUORUM_DSN; else an embedded server in your data folder.",
    ),
]
JsonTarget = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE|-", help="Write the outcome as one JSON object to a file, or - for stdout."),
]
JsonFlag = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON.")]
JsonLines = Annotated[bool, typer.Option("--json", metavar="", help="Print each event as a line of JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="No progress; with --json FILE nothing at all.")]
Answer = Annotated[
    str | None,
    typer.Option(metavar="ANSWER", help="approve, reject, or JSON: the answer to the question that is open."),
]
Hang = Annotated[float, typer.Option(metavar="SECONDS", help="How long the one that hangs does, 0.5 to 60.")]
Limit = Annotated[int, typer.Option(metavar="N", help="How many runs at most, up to 1000.")]
Status = Annotated[
    str | None,
    typer.Option(
        metavar="STATUS",
        help="Only runs that stand so: running, approved, partial, failed, waiting, interrupted or cancelled.",
    ),
]
Workflow = Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this workflow.")]
Tag = Annotated[str | None, typer.Option(metavar="TAG", help="Only runs with this tag.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="A word to find the run by; may be repeated.")
]
OlderThan = Annotated[
    str | None, typer.Option(metavar="AGE", help="Only runs that last changed longer ago: 90s, 15m, 2h, 7d.")
]
NewerThan = Annotated[str | None, typer.Option(metavar="AGE", help="Only runs that changed since: 90s, 15m, 2h, 7d.")]
After = Annotated[str | None, typer.Option(metavar="MARK", help="The next page, as the page before ends with it.")]
OnBusy = Annotated[
    str,
    typer.Option(
        metavar="POLICY",
        help="When another process runs the thread: reject, wait for it to end, or take-over (that one stops).",
    ),
]
Steps = Annotated[int, typer.Option("--limit", metavar="N", help="How many checkpoints at most, up to 1000.")]
Before = Annotated[str | None, typer.Option(metavar="ID", help="Only checkpoints before this one.")]
CheckpointId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Which state, as `quorum history` lists it; the latest when left out."),
]
Into = Annotated[str | None, typer.Option(metavar="NEW", help="The copy's thread; a fresh id when left out.")]
Values = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help="Fields of the state that are different in the copy, an object; the step that follows starts anew.",
    ),
]
AsNode = Annotated[
    str | None,
    typer.Option(
        metavar="NODE",
        help="With --values: what they are to come from, which decides what follows; the last that wrote.",
    ),
]
Reason = Annotated[str | None, typer.Option(metavar="WORDS", help="Kept with the run.")]
Wait = Annotated[str | None, typer.Option(metavar="DURATION", help="How long to wait for its driver to stop: 30s, 2m.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")]
Keep = Annotated[
    int | None,
    typer.Option(metavar="N", help="Keep the newest N of all runs with that status, workflow and tag, however old."),
]
KeepLatest = Annotated[
    bool,
    typer.Option("--keep-latest", metavar="", help="Keep the runs and what they gave; take only steps away."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", metavar="", help="Only say what would go.")]
PrunedStatus = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Which runs, by how they stand; may be repeated. Those that have ended when left out: approved, partial,"
        " failed, cancelled.",
    ),
]
Strategy = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="merge_all, best, weighted, consensus, resolve, hierarchical or patterns.",
        show_default=False,
    ),
]
QualityShare = Annotated[
    float | None, typer.Option(metavar="X", help="Share of the quality in a weight, from 0; the run's when left out.")
]
SpeedShare = Annotated[
    float | None, typer.Option(metavar="X", help="Share of the speed in a weight, from 0; the run's when left out.")
]
Halving = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="When the speed's part has halved, above 0; the run's when left out."),
]
Version = Annotated[bool, typer.Option("--version", metavar="", help="Print the version and end.")]
