"""How lists of runs, a diagnosis and figures read on a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from langgraph_quorum.orchestration.cli.durations import duration_s
from langgraph_quorum.orchestration.cli.exits import RefusedError, code_of_status
from langgraph_quorum.orchestration.cli.progress.happenings import happening
from langgraph_quorum.orchestration.cli.rendering.diagnosis import render_diagnosis
from langgraph_quorum.orchestration.cli.rendering.history import history_table
from langgraph_quorum.orchestration.cli.rendering.runs import runs_table
from langgraph_quorum.orchestration.cli.words import age, place, printable, seconds, shortened
from langgraph_quorum.orchestration.events import RunEnded
from langgraph_quorum.orchestration.history import StoredCheckpoint
from langgraph_quorum.orchestration.persistence.health import Diagnosis
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.records import RunStatus

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def a_run(thread: str, workflow: str = "document_analysis", status: RunStatus = "interrupted") -> StoredRun:
    return StoredRun(thread, workflow, status, "analyse " + "y" * 90, {}, NOW, NOW, live=False)


def listed(runs: list[StoredRun], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(runs_table(runs, NOW + timedelta(days=1), width))
    return console.export_text().splitlines()


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("failed", "ValueError: no such table", "the run has failed: ValueError: no such table"),
        ("cancelled", "not needed", "the run was cancelled: not needed"),
        ("cancelled", None, "the run was cancelled"),
        ("approved", None, "the run has ended: approved"),
    ],
)
def test_the_end_of_a_watched_run_is_told_with_its_reason(status: RunStatus, reason: str | None, words: str) -> None:
    assert happening(RunEnded("t1", status, NOW.isoformat(), reason)) == words


@pytest.mark.parametrize("width", [60, 80, 160])
def test_runs_fit_the_terminal_and_no_column_is_dropped_for_a_long_thread(width: int) -> None:
    lines = listed([a_run("x" * 50), a_run("short")], width)

    assert max(map(cell_len, lines)) <= width
    assert lines[0].split() == ["thread", "status", "age", "workflow", "task"]
    assert any(line.split()[0] == "x" * 50 for line in lines)  # whole, to be copied
    assert sum("interrupted  1 day" in line for line in lines) == 2
    assert sum("analy" in line for line in lines) == 2
    assert lines[-1].startswith("short ")


@pytest.mark.parametrize("thread", ["a0b3260174b7", "x" * 38, "\N{CJK UNIFIED IDEOGRAPH-6771}" * 18])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_thread_is_whole_on_its_line_however_narrow_the_terminal(thread: str, width: int) -> None:
    lines = listed([a_run(thread)], width)

    assert lines[1].split()[0] == thread
    assert "interrupted" in lines[-1]
    assert max(map(cell_len, lines)) <= width


def test_a_diagnosis_says_what_and_how_to_mend_it_below_one_line_of_what_is_installed() -> None:
    console = Console(file=io.StringIO(), width=80, record=True)
    diagnosis = Diagnosis("host=db", "argument").with_problem("it is off", "turn it on")
    render_diagnosis(console, diagnosis, {"cli": ["rich"], "schema": [], "consensus": []})
    lines = [line.rstrip() for line in console.export_text().splitlines()]

    assert lines[0] == "database   host=db (from --dsn)"
    assert lines[-6:-3] == [
        "extras     installed: schema, consensus",
        "extra cli  lacks rich: pip install 'langgraph-quorum[cli]'",
        "",
    ]
    assert lines[-3:] == ["1 problem", "  it is off", "    mend: turn it on"]


def test_figures_read_well() -> None:
    durations = [seconds(value) for value in (0.04, 9.94, 42.4, 185, 7800)]
    ages = [age(timedelta(seconds=value)) for value in (5, 65, 7200, 90_000, 200_000)]

    assert durations == ["0.0 s", "9.9 s", "42 s", "3 min 05 s", "2 h 10 min"]
    assert ages == ["5 s", "1 min", "2 h", "1 day", "2 days"]
    assert place({"section": "Intro"}) == 'in "Intro"'
    assert place({"section": "", "block": 4}) == "paragraph 4"
    assert shortened("one two three four", 12) == "one two…"
    assert printable("a\tb\r\nc\x00") == "a b c\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("status", "code"),
    [("approved", 0), ("partial", 3), ("failed", 4), ("waiting", 5), ("cancelled", 6), ("interrupted", 130)],
)
def test_each_status_has_its_exit_code(status: RunStatus, code: int) -> None:
    assert code_of_status(status) == code


def test_durations_are_read_as_people_type_them() -> None:
    typed = ["90s", "15m", "2h", "7d", "1w", "1h30m", "0.5s"]

    assert [duration_s("--wait", text) for text in typed] == [90, 900, 7200, 604_800, 604_800, 5400, 0.5]
    assert duration_s("--wait", None) is None
    for text in ("", "5", "s", "5x", "-5s", "5 s", "5sx", "inf"):
        with pytest.raises(RefusedError, match="give a number with its unit: 90s, 15m, 2h, 7d"):
            duration_s("--wait", text)


def test_a_history_says_what_ended_and_what_follows() -> None:
    ids = [f"1f1e5bc6-70ea-6162-800{number}-7d9ce2c50b1b" for number in range(3)]
    end = StoredCheckpoint(ids[2], ids[1], 1, "loop", NOW, (), 0, 0, ("integrator",), "approved", 0)
    fan_out = StoredCheckpoint(ids[1], ids[0], 0, "loop", NOW, ("a", "b"), 7, 4, ("coordinator",), None, 0)
    start = StoredCheckpoint(ids[0], None, -1, "input", NOW, ("__start__",), 1, 1, (), None, None)
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(history_table([end, fan_out, start], NOW + timedelta(minutes=2), 80))
    lines = [line.rstrip() for line in console.export_text().splitlines()]

    assert lines[1] == f"{ids[2]}     1  2 min  integrator, end: approved"
    assert lines[2].startswith(f"{ids[1]}     0  2 min  coordinator, then 7 tasks")
    assert lines[3] == f"{ids[0]}    -1  2 min  the input"
    assert max(map(len, lines)) <= 80
