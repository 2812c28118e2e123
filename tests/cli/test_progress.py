"""What is shown while a run goes on: it fits the terminal, tells each branch's state, and tells the events in words."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.live import LiveProgress, progress_view
from langgraph_quorum.orchestration.cli.progress.plain import PlainProgress, line_of
from langgraph_quorum.state.records import WorkItem

SPECIALISTS = ("content", "linguistic", "technical", "business", "sentiment", "summary", "quality")


def planned(documents: int) -> list[WorkItem]:
    return [
        WorkItem(branch_id=f"{name}@{number}.md", specialist=name, group=f"{number}.md")
        for number in range(documents)
        for name in SPECIALISTS
    ]


def event(branch_id: str, kind: str, **data: Any) -> Mapping[str, Any]:
    specialist, _, group = branch_id.partition("@")
    sync = {"total": 14, "good": 3, "settled": 4, "needed": 11, "running": 2, "at_once": 3}
    base = {"quorum": "branch", "branch_id": branch_id, "specialist": specialist, "group": group, "sync": sync}
    return {**base, "event": kind, **data}


def drawn(board: Board, *, width: int = 80, height: int = 24, now: float = 0.0, encoding: str = "utf-8") -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, record=True, force_terminal=True)
    view = progress_view(board, "thread t1", passed_s=3.2, now=now, width=width, height=height, encoding=encoding)
    console.print(view)
    return console.export_text().splitlines()


@pytest.mark.parametrize("documents", [1, 6, 40])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (60, 12)])
def test_the_view_never_grows_beyond_the_terminal(documents: int, width: int, height: int) -> None:
    board = Board.of(planned(documents))
    board.apply(event("content@0.md", "running"), now=1.0)

    lines = drawn(board, width=width, height=height)

    assert len(lines) < height
    assert max(map(len, lines)) <= width


def test_every_branch_is_there_with_its_state_and_time() -> None:
    board = Board.of(planned(2))
    board.apply({"quorum": "node", "node": "coordinator"}, now=0.0)
    board.apply(event("content@0.md", "running"), now=1.0)
    board.apply(event("business@0.md", "succeeded", seconds=0.26), now=1.0)
    board.apply(event("summary@1.md", "failed", seconds=12.3), now=1.0)

    lines = drawn(board, now=3.5)

    assert lines[0] == "thread t1  3.2 s  sent the branches out"
    assert lines[2].split() == ["0.md", "▸", "2.5", "·", "·", "✓", "0.3", "·", "·", "·"]
    assert lines[3].split() == ["1.md", "·", "·", "·", "·", "·", "✗", "12.3", "·"]
    assert "3 good, 11 needed, 4 of 14 ended" in lines[4]
    assert lines[5].rstrip().split("   ") == ["▸ running 1", "✓ succeeded 1", "✗ failed 1"]


def test_documents_under_way_are_shown_before_those_that_are_done() -> None:
    board = Board.of(planned(30))
    for name in SPECIALISTS:
        board.apply(event(f"{name}@0.md", "succeeded", seconds=1), now=1.0)
    board.apply(event("content@29.md", "running"), now=1.0)

    lines = drawn(board)

    assert any(line.startswith("29.md") for line in lines)
    assert not any(line.startswith("0.md") for line in lines)
    assert any(line.strip() == "… 14 more documents" for line in lines)


def test_without_unicode_only_ascii_is_drawn() -> None:
    board = Board.of(planned(30))
    board.apply(event("content@0.md", "running"), now=1.0)
    board.apply(event("business@0.md", "cut"), now=1.0)

    assert all(line.isascii() for line in drawn(board, encoding="ascii"))


def test_branches_from_before_are_on_the_board_when_a_run_goes_on() -> None:
    record = {"group": "0.md", "specialist": "content", "status": "succeeded", "seconds": 1.5}

    board = Board.of(planned(1), {"content@0.md": record})

    assert board.kept == 1
    assert drawn(board)[2].split() == ["0.md", "✓", "1.5", "·", "·", "·", "·", "·", "·"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (event("content@0.md", "waiting"), ""),
        (event("content@0.md", "running", attempt=1), "content@0.md running"),
        (event("content@0.md", "running", attempt=2), "content@0.md running (attempt 2)"),
        (
            event("content@0.md", "succeeded", seconds=0.81),
            "content@0.md succeeded after 0.8 s (3 good, 11 needed, 4 of 14 ended)",
        ),
        (
            event("content@0.md", "timed_out", seconds=61, reason="no answer within 60 s"),
            "content@0.md timed out after 1 min 01 s (3 good, 11 needed, 4 of 14 ended): no answer within 60 s",
        ),
        (
            event("content@0.md", "retrying", in_s=0.5, error="TimeoutError"),
            "content@0.md tries again in 0.5 s after TimeoutError",
        ),
        (
            event("content@0.md", "fallback", to="business", error="OSError"),
            "content@0.md goes to business after OSError",
        ),
        ({"quorum": "node", "node": "merger"}, "merged the results"),
        ({"quorum": "node", "node": "content"}, ""),
        ({"mine": "custom"}, ""),
    ],
)
def test_events_are_told_in_words(given: Mapping[str, Any], line: str) -> None:
    assert line_of(given) == line


async def test_plain_progress_writes_one_line_for_each_event() -> None:
    stream = io.StringIO()
    async with PlainProgress(stream) as progress:
        progress.begin(Board.of(planned(1)), "thread t1")
        progress.saw(event("content@0.md", "waiting"))
        progress.saw(event("content@0.md", "failed", seconds=0, reason="bad\x1b[31m\nnews"))

    lines = [line.split(" s  ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines[0] == "thread t1: 7 branches"
    assert lines[1].endswith(": bad\N{REPLACEMENT CHARACTER}[31m news")


@pytest.mark.looptime
async def test_plain_progress_says_who_still_runs_when_nothing_else_happens() -> None:
    stream = io.StringIO()
    async with PlainProgress(stream) as progress:
        await asyncio.sleep(20)
        for number in range(4):
            progress.saw(event(f"content@{number}.md", "running"))
        progress.saw(event("content@0.md", "succeeded"))
        await asyncio.sleep(12)
        progress.saw(event("content@1.md", "failed"))
    lines = [line.split(" s  ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines[5:7] == ["still running: content@1.md, content@2.md, content@3.md"] * 2
    assert lines[7].startswith("content@1.md failed")
    assert len(lines) == 8


async def test_the_live_view_gives_the_terminal_back() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=80, height=24, force_terminal=True)
    async with LiveProgress(console) as progress:
        progress.begin(Board.of(planned(1)), "thread t1")
        progress.saw(event("content@0.md", "running"))
        progress.stage("merging")
        progress.note("something to remember")

    assert "thread t1" in screen.getvalue()
    assert "something to remember" in screen.getvalue()
    assert screen.getvalue().rstrip().endswith("\x1b[2K")  # the view's lines are cleared
    assert screen.getvalue().count("\x1b[?25l") == screen.getvalue().count("\x1b[?25h") == 1  # the cursor is back
