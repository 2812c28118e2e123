"""Results create further branches: in the next fan-out, within bounds, each of them once."""

from __future__ import annotations

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import GrowthPolicy, SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.growing import Crawler, Work, growing, grown, item
from tests.graphs.running import FIXED, statuses, thread

pytestmark = pytest.mark.looptime


async def test_results_create_branches_over_two_generations_each_of_which_runs_once() -> None:
    crew = Crawler()
    tree = {"book": [item("one"), item("two")], "book/one": [item("note")]}
    result = await grown(crew.grows("s", tree), work=[item("book")])
    names = ["book", "book/one", "book/one/note", "book/two"]
    assert statuses(result) == dict.fromkeys(names, "succeeded")
    assert crew.calls == dict.fromkeys(names, 1)
    assert set(result["result"]) == set(names)  # merged once, with all of them
    assert [(decision["round"], decision["completed"]) for decision in result["sync"]] == [
        (0, ["book"]),
        (1, ["book/one", "book/two"]),
        (2, ["book/one/note"]),
    ]
    why = [line["why"] for line in result["timeline"] if line["event"] == "continued"]
    assert why == ["results asked for 2 more branches", "results asked for 1 more branch"]
    assert [line["node"] for line in result["timeline"]].count("merger") == 1
    assert (result["status"], result["partial"]) == ("approved", False)


async def test_created_branches_may_wait_for_each_other_and_for_those_of_the_input() -> None:
    crew = Crawler()
    asked = [item("sum", depends_on=["a", "b", "old"]), item("a"), item("b", depends_on=["a"])]
    result = await grown(crew.grows("s", {"root": asked}), work=[item("root"), item("old")])
    assert set(result["branches"]["root/sum"]["result"]["inputs"]) == {"root/a", "root/b", "old"}
    assert crew.calls == dict.fromkeys(["root", "old", "root/sum", "root/a", "root/b"], 1)


async def test_created_branches_are_counted_by_the_points_that_claim_their_type() -> None:
    crew = Crawler()
    asked = [item("page", "reader"), item("end", "s", depends_on=["pages"])]
    points = [SyncPolicy(name="pages", types=("text",), threshold=1.0), SyncPolicy(threshold=1.0)]
    crowd = [crew.grows("s", {"root": asked}), crew.grows("reader", {}, type="text")]
    result = await grown(*crowd, work=[item("root"), item("first", "reader")], sync=points)
    assert set(result["branches"]["root/end"]["result"]["inputs"]["pages"]) == {"first", "root/page"}
    assert {(one["point"], one["round"]) for one in result["sync"]} == {
        ("pages", 0),
        ("main", 0),
        ("pages", 1),
        ("main", 1),
    }


async def test_generations_are_bounded_and_what_is_refused_makes_the_run_partial() -> None:
    crew = Crawler()
    endless = {f"r{'/n' * depth}": [item("n")] for depth in range(10)}
    result = await grown(crew.grows("s", endless), work=[item("r")], growth=GrowthPolicy(generations=2))
    assert crew.calls == {"r": 1, "r/n": 1, "r/n/n": 1}
    assert (result["status"], result["failed"]) == ("partial", [])
    (finding,) = [finding for finding in result["findings"] if finding["check"] == "growth"]
    assert finding["message"].endswith(
        "could not be made (r/n/n/n: it would be of generation 3, GrowthPolicy allows 2)"
    )


async def test_of_too_many_created_branches_the_first_are_made() -> None:
    crew, saver = Crawler(), InMemorySaver()
    graph = growing(
        crew.grows("s", {"a": [item(str(number)) for number in range(5)], "b": [item("x")]}),
        saver=saver,
        growth=GrowthPolicy(branches=3),
    )
    result = await graph.ainvoke({"task": "x", "work": [item("a"), item("b")]}, thread(), context=FIXED)
    assert set(crew.calls) == {"a", "b", "a/0", "a/1", "a/2"}
    assert result["status"] == "partial"
    refused = (await graph.aget_state(thread())).values["growth"]["refused"]
    assert refused == dict.fromkeys(["a/3", "a/4", "b/x"], "GrowthPolicy allows 3 created branches in one run")


async def test_what_depends_on_a_refused_branch_is_refused_with_it() -> None:
    crew = Crawler()
    asked = [item("sum", depends_on=["b"]), item("a"), item("b")]
    result = await grown(crew.grows("s", {"r": asked}), work=[item("r")], growth=GrowthPolicy(branches=2))
    assert set(crew.calls) == {"r", "r/a"}
    (finding,) = [finding for finding in result["findings"] if finding["check"] == "growth"]
    assert finding["message"].startswith("2 branches that results asked for could not be made")


async def test_nothing_grows_where_no_branch_may_be_created() -> None:
    crew = Crawler()
    result = await grown(crew.grows("s", {"r": [item("a")]}), work=[item("r")], growth=GrowthPolicy(branches=0))
    assert (set(crew.calls), result["status"]) == ({"r"}, "partial")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([item("a"), item("a")], "branch id 'a' is used twice"),
        ([item("a", "nobody")], "unknown specialist 'nobody'"),
        ([{"branch_id": "a", "specialst": "s"}], "unknown key 'specialst'"),
        (["a"], "work[0] is a str"),
        ([item("a", timeout_s=-1)], "timeout_s=-1"),
        ([item("")], "branch_id=''"),
    ],
)
async def test_work_that_cannot_be_done_fails_the_branch_that_asks_for_it(asked: Work, reason: str) -> None:
    crew = Crawler()
    recovery = RecoveryPolicy(rounds=0)
    crowd = [crew.grows("s", {"bad": asked, "good": [item("a")]}, attempts=1)]
    result = await grown(*crowd, work=[item("bad"), item("good")], recovery=recovery)
    assert statuses(result) == {"bad": "failed", "good": "succeeded", "good/a": "succeeded"}
    assert reason in result["branches"]["bad"]["reason"]
    assert result["branches"]["bad"]["error"]["type"] == "PlanError"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([item("a", depends_on=["nowhere"])], "nowhere"),
        ([item("a", depends_on=["b"]), item("b", depends_on=["a"])], "circle"),
    ],
)
async def test_work_that_does_not_fit_into_the_whole_is_refused_alone(asked: Work, reason: str) -> None:
    crew = Crawler()
    result = await grown(crew.grows("s", {"bad": asked, "good": [item("a")]}), work=[item("bad"), item("good")])
    assert statuses(result) == dict.fromkeys(["bad", "good", "good/a"], "succeeded")
    assert result["status"] == "partial"
    (finding,) = [finding for finding in result["findings"] if finding["check"] == "growth"]
    assert reason in finding["message"]


async def test_an_id_that_the_input_has_taken_is_refused_and_said() -> None:
    crew = Crawler()
    result = await grown(crew.grows("s", {"r": [item("a")]}), work=[item("r"), item("r/a")])
    assert crew.calls == {"r": 1, "r/a": 1}
    (finding,) = [finding for finding in result["findings"] if finding["check"] == "growth"]
    assert "r/a: there is another branch of this id" in finding["message"]
