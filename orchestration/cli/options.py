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
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; with --json FILE nothing at all.")]
Answer = Annotated[
    str | None,
    typer.Option(metavar="ANSWER", help="approve, reject, or JSON: the answer to the question that is open."),
]
Hang = Annotated[float, typer.Option(metavar="SECONDS", help="How long the one that hangs does, 0.5 to 60.")]
Limit = Annotated[int, typer.Option(metavar="N", help="How many runs at most.")]
Version = Annotated[bool, typer.Option("--version", help="Print the version and end.")]
