"""Runs with several sync points and excused branches, as people see them: while they go on, and afterwards."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from langgraph_quorum import SyncPolicy
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.live import progress_view
from langgraph_quorum.orchestration.cli.progress.plain import line_of
from langgraph_quorum.orchestration.cli.rendering.outcome import render_outcome
from langgraph_quorum.state.records import WorkItem
from tests.graphs.played import Item, Play, item, play
from tests.graphs.running import FIXED, compiled

WORK = [item("a", 1), item("b", 2), item("slow", 30), item("c", 9), item("next", depends_on=["first"])]
POINTS = [
    SyncPolicy(name="first", branches=("a", "b", "slow"), threshold=0.6, grace_s=1),
    SyncPolicy(threshold=1.0, deadline_s=100),
]


def shown(outcome: Mapping[str, Any], width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True, highlight=False)
    render_outcome(console, {**outcome, "thread_id": "t", "interrupts": {}}, dsn_given=False)
    return [line.rstrip() for line in console.export_text().splitlines()]


async def events(work: list[Item], points: list[SyncPolicy]) -> list[dict[str, Any]]:
    graph = compiled(Play().player(), sync=points)
    given = {"task": "x", "work": work}
    return [event async for event in graph.astream(given, stream_mode="custom", context=FIXED)]


@pytest.mark.looptime
async def test_an_outcome_tells_each_points_decision_by_its_name_round_by_round() -> None:
    work = [item("a", 1), item("b", 2, fail=1), item("c", 9)]
    points = [SyncPolicy(name="first", branches=("a", "b"), threshold=1.0), SyncPolicy(threshold=1.0)]
    lines = shown(await play(Play(), work, points))
    assert [line for line in lines if line.startswith("sync point")] == [
        "sync point first: 1 of 2 succeeded after 2.00 s: every branch had ended, too few of them well",
        "sync point: 1 of 1 succeeded after 9.00 s: every branch had ended",
        "sync point first: 1 of 1 succeeded after 2.00 s: every branch had ended",
    ]


@pytest.mark.looptime
async def test_what_was_excused_is_said_and_is_not_missing() -> None:
    work = [item("a"), item("b", when="never"), item("c", broken=True)]
    result = await play(Play(), work, SyncPolicy(threshold=0.5), conditions={"never": lambda inputs: False})
    lines = shown(result)
    assert ", 1 of 2 branches (1 excused)" in lines[0]
    assert "Not in the result: 1 branch" in lines
    assert not any("said no" in line for line in lines)


@pytest.mark.looptime
async def test_plain_progress_names_the_point_that_a_branch_belongs_to() -> None:
    lines = [line_of(event) for event in await events(WORK, POINTS)]
    assert "b succeeded after 2.0 s (first: 2 good, 2 needed, 2 of 3 ended)" in lines
    assert "c succeeded after 9.0 s (2 good, 2 needed, 2 of 2 ended)" in lines


@pytest.mark.looptime
@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 12), (40, 8)])
async def test_the_live_view_has_a_bar_for_each_point_within_the_terminal(width: int, height: int) -> None:
    planned: list[WorkItem] = [WorkItem(branch_id=one["branch_id"], specialist="player") for one in WORK]
    board = Board.of(planned)
    for event in await events(WORK, POINTS):
        board.apply(event, now=1.0)
    console = Console(file=io.StringIO(), width=width, height=height, record=True, force_terminal=True)
    view = progress_view(board, "thread t", passed_s=3, now=1.0, width=width, height=height, encoding="ascii")
    console.print(view)
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    bars = [line for line in lines if line.startswith("###")]
    assert len(bars) == (1 if height < 12 else 2)
    if width >= 80:
        assert [bar.split("  ", 1)[1] for bar in bars] == [
            "first: 2 good, 2 needed, 2 of 3 ended",
            "main: 2 good, 2 needed, 2 of 2 ended",
        ]
