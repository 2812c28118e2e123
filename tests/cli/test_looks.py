"""How lists of runs, a diagnosis and figures read on a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from langgraph_quorum.orchestration.cli.exits import code_of_status
from langgraph_quorum.orchestration.cli.rendering.diagnosis import render_diagnosis
from langgraph_quorum.orchestration.cli.rendering.runs import runs_table
from langgraph_quorum.orchestration.cli.words import age, place, printable, seconds, shortened
from langgraph_quorum.orchestration.persistence.health import Diagnosis
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.state.records import RunStatus

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_runs_fit_the_terminal_and_keep_their_thread_ids() -> None:
    run = StoredRun("x" * 40, "document_analysis", "approved", "analyse " + "y" * 90, {}, NOW, NOW, live=False)
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(runs_table([run], NOW + timedelta(days=1), 80))
    text = console.export_text()

    assert max(map(len, text.splitlines())) <= 80
    assert text.count("x") >= 40
    assert "approved" in text
    assert "1 day" in text


@pytest.mark.parametrize("thread", ["a0b3260174b7", "x" * 38, "\N{CJK UNIFIED IDEOGRAPH-6771}" * 18])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_thread_is_whole_on_its_line_however_narrow_the_terminal(thread: str, width: int) -> None:
    run = StoredRun(thread, "document_analysis", "interrupted", "analyse " + "y" * 90, {}, NOW, NOW, live=False)
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(runs_table([run], NOW, width))
    head, row = console.export_text().splitlines()

    assert head.startswith("thread")
    assert row.split()[0] == thread
    assert cell_len(row) <= width


def test_a_diagnosis_says_what_and_how_to_mend_it() -> None:
    console = Console(file=io.StringIO(), width=80, record=True)
    diagnosis = Diagnosis("host=db", "argument").with_problem("it is off", "turn it on")
    render_diagnosis(console, diagnosis, {"cli": ["rich"]})
    lines = [line.rstrip() for line in console.export_text().splitlines()]

    assert lines[0] == "database   host=db (from --dsn)"
    assert "extra cli  lacks rich: pip install 'langgraph-quorum[cli]'" in lines
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
    ("status", "code"), [("approved", 0), ("partial", 3), ("failed", 4), ("waiting", 5), ("interrupted", 130)]
)
def test_each_status_has_its_exit_code(status: RunStatus, code: int) -> None:
    assert code_of_status(status) == code
