"""`quorum demo straggler`: what each way of running the same crew gives, and when."""

from __future__ import annotations

import pytest

from langgraph_quorum.graphs.straggler import CREW, FAILS, HANGS, QUICK
from langgraph_quorum.orchestration.cli.demo import compare
from tests.cli.conftest import Quorum


@pytest.mark.looptime
async def test_plain_langgraph_loses_everything_or_waits_and_the_quorum_does_neither() -> None:
    bare, catching, quorum = await compare(60.0)
    # A branch that raises, at 0.1 s, ends the run and takes the others' answers along.
    assert (bare.gave, bare.ending) == ({}, "raised ValueError, nothing is left")
    assert bare.seconds == pytest.approx(0.1, abs=0.05)
    # With errors caught the join waits for the one that hangs.
    assert catching.seconds == pytest.approx(60.0, abs=0.05)
    assert catching.gave == {**dict.fromkeys(CREW, "answered"), FAILS: "lost, no trace"}
    # Three of five make the quorum at 0.1 s, and 0.2 s of grace follow.
    assert 0.3 <= quorum.seconds < 30  # the machine's capacity is measured in real time, however busy it is
    assert quorum.gave == {**dict.fromkeys(QUICK, "succeeded"), FAILS: "failed", HANGS: "cut"}
    assert quorum.ending.startswith("approved")


def test_the_command_prints_them_side_by_side(quorum: Quorum) -> None:
    done = quorum("demo", "straggler", "--hang", "0.5")
    assert done.returncode == 0
    assert all(
        word in done.stdout for word in ("plain LangGraph", "errors caught", "langgraph-quorum", "cut", "failed")
    )


@pytest.mark.parametrize("hang", ["0", "61", "nan", "inf"])
def test_a_hang_that_is_none_is_refused(quorum: Quorum, hang: str) -> None:
    done = quorum("demo", "straggler", "--hang", hang)
    assert done.returncode == 2
    assert "--hang" in done.stderr
