"""A graph of one's own, before and after its worker became a quorum branch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import InvalidUpdateError
from langgraph.types import RetryPolicy, Send

from langgraph_quorum import SyncPolicy, fan_out, quorum_branch
from langgraph_quorum.state.errors import PlanError
from tests.graphs.quorums import Plain, crashed, graph_of
from tests.graphs.running import thread

pytestmark = pytest.mark.looptime


class Workers:
    """`slow` needs 30 s, `bad` raises at 1 s, `odd` returns a text, `flaky` fails once; the others need 1 s."""

    def __init__(self) -> None:
        self.began: list[str] = []

    async def __call__(self, state: str) -> Any:
        self.began.append(state)
        await asyncio.sleep(30 if state == "slow" else 1)
        if state == "bad":
            raise ValueError("bad input")
        if state == "flaky" and self.began.count("flaky") == 1:
            raise ConnectionError
        return "text" if state == "odd" else {"done": [state]}


def plain(worker: Any, names: Sequence[str], node: str = "worker", **settings: Any) -> Any:
    return graph_of(worker, lambda _: [Send(node, name) for name in names], schema=Plain, **settings)


def ours(worker: Any, names: Sequence[str], node: str = "worker", saver: Any = None, **settings: Any) -> Any:
    branch = quorum_branch(worker, SyncPolicy(threshold=0.5, grace_s=2), name=node)
    return graph_of(branch, lambda _: fan_out(branch, names), schema=Plain, saver=saver, **settings)


async def test_plain_an_empty_fan_out_ends_the_run_and_a_missing_node_is_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await plain(Workers(), []).ainvoke({"done": ["before"]}) == {"done": ["before"]}  # no "joined"
    with caplog.at_level(logging.WARNING, "langgraph"):
        assert await plain(Workers(), ["a"], node="wroker").ainvoke({"done": []}) == {"done": []}
    assert caplog.messages == ["Ignoring unknown node name wroker in pending sends"]


async def test_ours_refuses_both() -> None:
    with pytest.raises(PlanError, match="nothing to send"):
        await ours(Workers(), []).ainvoke({})
    with pytest.raises(PlanError, match="no node 'wroker'"):
        await ours(Workers(), ["a"], node="wroker").ainvoke({})


async def test_plain_the_slowest_holds_up_the_join_and_a_failure_cancels_the_others() -> None:
    loop = asyncio.get_running_loop()
    await plain(Workers(), ["a", "slow"]).ainvoke({})
    assert loop.time() == pytest.approx(30, abs=0.1)
    with pytest.raises(ValueError, match="bad input"):
        await plain(Workers(), ["slow", "bad"]).ainvoke({})
    assert loop.time() == pytest.approx(31, abs=0.1)


async def test_ours_goes_on_without_either() -> None:
    result = await ours(Workers(), ["a", "b", "bad", "slow"]).ainvoke({})
    assert result == {"done": ["a", "b"], "joined": True}
    assert asyncio.get_running_loop().time() == pytest.approx(1 + 2, abs=0.1)


async def test_plain_an_update_of_the_wrong_kind_ends_the_run() -> None:
    with pytest.raises(InvalidUpdateError, match="Expected dict"):
        await plain(Workers(), ["a", "odd"]).ainvoke({})


async def test_ours_fails_its_branch_alone() -> None:
    assert (await ours(Workers(), ["a", "odd"]).ainvoke({}))["done"] == ["a"]


async def test_plain_a_retry_policy_of_the_node_is_heard() -> None:
    workers = Workers()
    policy = RetryPolicy(initial_interval=0.1, jitter=False)
    assert (await plain(workers, ["flaky"], retry_policy=policy).ainvoke({}))["done"] == ["flaky"]
    assert len(workers.began) == 2


async def test_ours_hears_none_because_nothing_is_raised_and_tries_again_itself() -> None:
    workers = Workers()
    policy = RetryPolicy(initial_interval=0.1, max_attempts=10, retry_on=Exception)
    result = await ours(workers, ["bad", "flaky"], retry_policy=policy).ainvoke({})
    assert result["done"] == ["flaky"]
    assert sorted(workers.began) == ["bad", "flaky", "flaky"]


@pytest.mark.parametrize("graph", [plain, ours])
async def test_both_keep_what_had_finished_before_a_crash(graph: Any) -> None:
    workers = Workers()
    made = graph(workers, ["a", "slow"], saver=InMemorySaver())
    await crashed(made, after_s=2)
    await made.ainvoke(None, thread())
    assert workers.began == ["a", "slow", "slow"]
