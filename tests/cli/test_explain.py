"""`quorum explain` and `quorum remerge` on runs that Python programs have started: as people and programs read them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from langgraph.graph import START, StateGraph
from rich.console import Console
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.orchestration.cli.rendering.explanation import render_explanation
from langgraph_quorum.orchestration.cli.rendering.remerged import render_remerged
from langgraph_quorum.orchestration.database import open_database
from tests.cli.conftest import Quorum, one_complaint
from tests.cli.warm import Warm
from tests.conftest import NewDatabase
from tests.orchestration.explained import TASK, Panel


class Foreign(TypedDict, total=False):
    word: str


async def _fill(dsn: str) -> None:
    builder = StateGraph(Foreign)
    builder.add_node("shout", lambda state: {"word": state["word"].upper()})
    builder.add_edge(START, "shout")
    async with open_database(dsn) as pool:
        async with Orchestrator.on(Panel().workflow(), pool) as quorum:
            await (await quorum.start(TASK, "panel")).result()
        async with Orchestrator.on(builder, pool) as quorum:
            await (await quorum.start({"word": "a"}, "foreign")).result()


@dataclass(frozen=True)
class Stored:
    """A database with the run `panel` of a workflow, and the run `foreign` of another graph."""

    dsn: str
    quorum: Quorum


@pytest.fixture(scope="module")
def stored(
    new_database: NewDatabase, environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory, warmed: Warm
) -> Iterator[Stored]:
    with new_database() as database:
        asyncio.run(_fill(database))
        yield Stored(database, Quorum(tmp_path_factory.mktemp("explained"), environ, warmed))


def test_an_explanation_is_plain_text_of_80_columns_where_there_is_no_terminal(stored: Stored) -> None:
    done = stored.quorum("explain", "panel", "--dsn", stored.dsn)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("panel: ")
    assert lines[1] == "Is it so?"
    assert "\x1b" not in done.stdout
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert "      slow cut: still running when enough good answers were in; it had run" in done.stdout
    assert "all of it: quorum explain panel --dsn ... --json" in lines


def test_an_explanation_as_json_has_the_numbers(stored: Stored) -> None:
    told = stored.quorum.json("explain", "panel", "--json", "--dsn", stored.dsn)
    assert told["thread_id"] == "panel"
    assert told["weighing"]["quality_share"] == 0.6
    assert {one["row"]["branch_id"] for one in told["weights"]} == {"sure", "weak", "mute"}
    assert [one["branch_id"] for one in told["points"][0]["left"]] == ["slow"]


def test_merging_again_shows_both_side_by_side_and_says_that_nothing_is_written(stored: Stored) -> None:
    before = stored.quorum.json("show", "panel", "--json", "--dsn", stored.dsn)
    done = stored.quorum("remerge", "panel", "--strategy", "best", "--dsn", stored.dsn)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "panel: merged again, another result"
    assert lines[1] == "no specialist ran, and nothing was written: the run stays as it is"
    assert ["strategy", "weighted", "best"] in [line.split() for line in lines]
    assert max(map(len, lines)) <= 80
    assert stored.quorum.json("show", "panel", "--json", "--dsn", stored.dsn) == before


def test_the_same_strategy_and_policy_give_the_same_result(stored: Stored) -> None:
    told = stored.quorum.json("remerge", "panel", "--strategy", "weighted", "--json", "--dsn", stored.dsn)
    assert told["same"] is True
    assert told["first"] == told["again"]


def test_one_number_of_the_policy_may_change_and_the_rest_stays_the_runs_own(stored: Stored) -> None:
    command = ("remerge", "panel", "--strategy", "weighted", "--quality-share", "1", "--json", "--dsn", stored.dsn)
    told = stored.quorum.json(*command)
    assert told["weighing"] == {**told["first_weighing"], "quality_share": 1.0}
    assert told["same"] is False


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (("explain", "pannel"), "no run is stored as thread 'pannel': did you mean 'panel'?"),
        (("explain", "foreign"), "thread_id='foreign': it is no run of a workflow made by build_workflow"),
        (("remerge", "foreign", "--strategy", "best"), "thread_id='foreign': it is no run of a workflow made by"),
        (("remerge", "nothing like it", "--strategy", "best"), "no run is stored as thread 'nothing like it'"),
        (("remerge", "panel", "--strategy", "wieghted"), "--strategy wieghted: did you mean 'weighted'?"),
        (("remerge", "panel", "--strategy", "best", "--halving", "0"), "--halving 0: give seconds above 0"),
        (("remerge", "panel", "--strategy", "best", "--speed-share", "nan"), "--speed-share nan: give a number from 0"),
        (
            ("remerge", "panel", "--strategy", "best", "--quality-share", "0", "--speed-share", "0"),
            "--quality-share 0: give quality_share or speed_share above 0",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(stored: Stored, command: tuple[str, ...], complaint: str) -> None:
    done = stored.quorum(*command, "--dsn", stored.dsn)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr).startswith(f"quorum: {complaint}")


@pytest.mark.parametrize("width", [40, 80, 160])
async def test_both_fit_a_terminal_of_any_width(stored: Stored, width: int) -> None:
    async with Orchestrator.open(Panel().workflow(), stored.dsn) as quorum:
        told, again = await quorum.explain("panel"), await quorum.remerge("panel", "merge_all")
    written = io.StringIO()
    console = Console(file=written, width=width, force_terminal=True, color_system=None, highlight=False)
    render_explanation(console, told, dsn_given=False)
    render_remerged(console, again)
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("How each weight came about") for line in lines)


def test_what_specialists_say_cannot_steer_the_terminal() -> None:
    state = {
        "status": "failed",
        "branches": {},
        "queue": [{"branch_id": "\x1b[2Jbad\nname", "specialist": "one"}],
        "error": {"type": "Error", "message": "\x1b]0;title\x07", "transient": False},
    }
    written = io.StringIO()
    render_explanation(Console(file=written, width=80), explain(state, thread_id="t1"), dsn_given=False)
    assert "\x1b" not in written.getvalue()
    assert "bad name: it has not ended" in written.getvalue()
