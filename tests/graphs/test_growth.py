"""Results create further branches: in the next fan-out, within bounds, each of them once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Answer, Branch, GrowthPolicy, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.state.policies import Policies, RecoveryPolicy
from tests.graphs.running import FIXED, PATIENT, Crew, statuses, thread

pytestmark = pytest.mark.looptime

Work = Any


class Crawler(Crew):
    """Specialists whose results ask for further branches."""

    def grows(self, name: str, work: dict[str, Work], seconds: float = 1, **settings: Any) -> Specialist:
        """Asks for the further branches that are noted for a branch."""

        async def run(branch: Branch) -> Answer:
            self._note(branch)
            await asyncio.sleep(seconds)
            return Answer({"by": name, "inputs": branch.inputs}, work=work.get(branch.branch_id, []))

        return Specialist(name, run, **settings)


def growing(*specialists: Specialist, saver: Any = None, sync: Any = PATIENT, **policies: Any) -> Any:
    """The compiled workflow."""
    tuning = Tuning(policies=Policies(**policies))
    return build_workflow(specialists, sync, "merge_all", "parallel", tuning).compile(checkpointer=saver)


async def grown(*specialists: Specialist, work: Work, **settings: Any) -> dict[str, Any]:
    result: dict[str, Any] = await growing(*specialists, **settings).ainvoke({"task": "x", "work": work}, context=FIXED)
    return result


def item(branch_id: str, specialist: str = "s", **fields: Any) -> dict[str, Any]:
    return {"branch_id": branch_id, "specialist": specialist, **fields}


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


async def test_a_created_branch_that_fails_is_mended_like_any_other() -> None:
    crew = Crawler()
    crowd = [
        crew.grows("s", {"r": [item("a", "shaky"), item("b")]}),
        crew.fails("shaky", ConnectionError(), times=1, attempts=1),
    ]
    result = await grown(*crowd, work=[item("r")])
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == {"r": 1, "r/a": 2, "r/b": 1}


async def test_a_weak_result_that_is_redone_does_not_create_its_branches_again() -> None:
    crew = Crawler()

    async def improves(branch: Branch) -> Answer:
        crew._note(branch)
        confidence = 0.9 if branch.round or branch.branch_id != "r" else 0.3
        asked: Any = [item("a"), *([item("b")] if branch.round else [])] if branch.branch_id == "r" else []
        return Answer({"confidence": confidence}, work=asked)

    result = await grown(Specialist("s", improves), work=[item("r")])
    # "a" came with the weak result; the better one asks for it, too, and for one more.
    assert crew.calls == {"r": 2, "r/a": 1, "r/b": 1}
    assert result["status"] == "approved"


async def test_a_failed_branch_is_not_redone_because_growth_was_refused() -> None:
    crew = Crawler()
    policy = SyncPolicy(threshold=0.5, deadline_s=100)
    crowd = [crew.grows("s", {"r": [item("a")]}), crew.fails("down", ConnectionError(), attempts=1)]
    work = [item("r"), item("q"), item("d", "down")]
    result = await grown(*crowd, work=work, sync=policy, growth=GrowthPolicy(branches=0))
    assert (crew.calls["d"], result["status"]) == (1, "partial")  # two of three are the quorum


async def test_a_late_result_creates_branches_too() -> None:
    crew = Crawler()

    async def scored(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(1 + 10 * branch.round)
        return {"confidence": 0.9 if branch.round else 0.3}

    policy = SyncPolicy(threshold=0.5, grace_s=1, deadline_s=60, on_straggler="harvest")
    crowd = [crew.grows("s", {"late": [item("a")]}, seconds=6), Specialist("weak", scored)]
    result = await grown(*crowd, work=[item("late"), item("weak", "weak")], sync=policy)
    assert statuses(result) == dict.fromkeys(["late", "late/a", "weak"], "succeeded")
    assert crew.calls == {"late": 1, "late/a": 1}


@pytest.mark.parametrize("after_s", [0.5, 1.5, 2.5])
async def test_after_a_crash_nothing_grows_twice(after_s: float) -> None:
    crew, saver = Crawler(), InMemorySaver()
    tree = {"r": [item("a"), item("b")], "r/a": [item("c")]}

    def graph() -> Any:
        return growing(crew.grows("s", tree), saver=saver)

    running = asyncio.create_task(graph().ainvoke({"task": "x", "work": [item("r")]}, thread(), context=FIXED))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    result = await graph().ainvoke(None, thread(), context=FIXED)
    assert statuses(result) == dict.fromkeys(["r", "r/a", "r/a/c", "r/b"], "succeeded")
    begun_twice = {0.5: {"r"}, 1.5: {"r/a", "r/b"}, 2.5: {"r/a/c"}}[after_s]
    assert {name for name, calls in crew.calls.items() if calls == 2} == begun_twice
    assert result["status"] == "approved"


async def test_a_created_branch_may_ask_a_human() -> None:
    crew, saver = Crawler(), InMemorySaver()

    async def asks(branch: Branch) -> Any:
        return interrupt(f"may {branch.branch_id}?")

    graph = growing(crew.grows("s", {"r": [item("a", "asks"), item("b")]}), Specialist("asks", asks), saver=saver)
    paused = await graph.ainvoke({"task": "x", "work": [item("r")]}, thread(), context=FIXED)
    (question,) = paused["__interrupt__"]
    assert question.value == "may r/a?"
    result = await graph.ainvoke(Command(resume={question.id: "yes"}), thread(), context=FIXED)
    assert (result["result"]["r/a"], crew.calls) == ("yes", {"r": 1, "r/b": 1})


async def test_a_created_branch_that_depends_on_a_parked_one_is_parked_with_it() -> None:
    crew, saver = Crawler(), InMemorySaver()

    async def asks(branch: Branch) -> Any:
        return interrupt(f"may {branch.branch_id}?")

    policy = SyncPolicy(threshold=1.0, deadline_s=100, on_question="park")
    tree = {"r": [item("a", depends_on=["asked"]), item("b")]}
    mends = RecoveryPolicy(rounds=0)
    graph = growing(crew.grows("s", tree), Specialist("asks", asks), saver=saver, sync=policy, recovery=mends)
    paused = await graph.ainvoke({"task": "x", "work": [item("r"), item("asked", "asks")]}, thread(), context=FIXED)
    assert crew.calls == {"r": 1, "r/b": 1}
    (question,) = paused["__interrupt__"]
    result = await graph.ainvoke(Command(resume={question.id: "yes"}), thread(), context=FIXED)
    assert result["result"]["r/a"]["inputs"] == {"asked": "yes"}
    assert (crew.calls, result["status"]) == ({"r": 1, "r/b": 1, "r/a": 1}, "approved")


async def test_many_created_branches_travel_in_bundles() -> None:
    crew = Crawler()
    crowd = [crew.grows("s", {"r": [item(str(number)) for number in range(500)]}, seconds=0)]
    graph: Any = build_workflow(crowd, PATIENT, "merge_all", "parallel", Tuning(bundle=50)).compile()
    result = await graph.ainvoke({"task": "x", "work": [item("r")]}, context=FIXED)
    assert (len(result["branches"]), result["status"]) == (501, "approved")
    assert set(crew.calls.values()) == {1}
