"""What ran out of time is done in smaller pieces, whose results are joined."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, SyncPolicy
from tests.graphs.reading import ONCE, SHORT, Readers, book, halves, joined, singles, told
from tests.graphs.running import FIXED, compiled, run, statuses, thread

pytestmark = pytest.mark.looptime


async def test_what_ran_out_of_time_is_done_in_pieces_whose_results_are_joined_and_merged_once() -> None:
    crew = Readers()
    reader = crew.reads(split=halves, join=joined)
    work = [book("abcd"), {"branch_id": "other", "specialist": "x"}]
    result = await run(reader, crew.sleeps("x", 1), work=work, sync=SHORT)
    assert crew.calls == {"book": 1, "book/piece-1": 1, "book/piece-2": 1, "other": 1}
    assert result["branches"]["book"]["result"]["pages"] == list("abcd")
    assert set(result["result"]) == {"book", "other"}
    assert sorted(row["branch_id"] for row in result["attribution"]) == ["book", "other"]
    assert (result["status"], result["failed"]) == ("approved", [])
    assert result["branches"]["book"]["quality"]["score"] == 0.9  # scored like any result


async def test_without_a_join_the_result_is_a_list_of_the_pieces_results() -> None:
    crew = Readers()
    result = await run(crew.reads(split=halves), work=[book("abcd")], sync=SHORT)
    assert [part["pages"] for part in result["branches"]["book"]["result"]] == [["a", "b"], ["c", "d"]]


async def test_a_piece_that_fails_is_mended_in_the_next_round_and_the_others_are_not_done_again() -> None:
    crew = Readers()
    reader = crew.reads(broken={"c": 1}, split=singles, join=joined, **ONCE)
    result = await run(reader, work=[book("abcd")], sync=SHORT)
    assert crew.calls == {"book": 1, **{f"book/piece-{number}": 1 + (number == 3) for number in (1, 2, 3, 4)}}
    assert [data["branches"] for data in told(result)][1] == ["book/piece-3", "book"]
    assert result["branches"]["book"]["result"]["pages"] == list("abcd")
    assert set(result["result"]) == {"book"}


async def test_when_a_piece_stays_missing_the_others_are_kept_and_the_branch_is_not_done() -> None:
    crew = Readers()
    reader = crew.reads(broken={"c": 99}, split=singles, join=joined, **ONCE)
    work = [book("abcd"), {"branch_id": "fine", "specialist": "x"}]
    result = await run(reader, crew.sleeps("x", 1), work=work, sync=SHORT)
    assert set(result["result"]) == {"book/piece-1", "book/piece-2", "book/piece-4", "fine"}
    assert result["failed"] == ["book", "book/piece-3"]
    assert (result["status"], statuses(result)["book"]) == ("partial", "skipped")
    (finding,) = [finding for finding in result["findings"] if finding["check"] == "quorum"]
    assert finding["message"] == "1 good answer of 2, the quorum is 2"


async def test_pieces_go_on_when_one_of_them_has_failed() -> None:
    crew = Readers()
    reader = crew.reads(broken={"c": 1}, split=halves, join=joined, **ONCE)
    result = await run(reader, work=[book("abcd")], sync=SHORT)
    # The second half fails after 2 s, the first takes 4 s: it is not cut, and not done again.
    assert crew.calls == {"book": 1, "book/piece-1": 1, "book/piece-2": 2}
    assert statuses(result)["book"] == "succeeded"


async def test_what_waits_for_a_split_branch_gets_the_joined_result() -> None:
    crew = Readers()
    work = [book("abcd"), {"branch_id": "top", "specialist": "x", "depends_on": ["book"]}]
    result = await run(crew.reads(split=halves, join=joined), crew.sleeps("x", 0), work=work, sync=SHORT)
    assert result["branches"]["top"]["result"]["inputs"] == {"book": joined([{"pages": list("abcd")}])}
    assert crew.calls["top"] == 1


async def test_pieces_see_what_their_branch_waited_for() -> None:
    crew = Readers()
    work = [{"branch_id": "base", "specialist": "x"}, book("abcd", depends_on=["base"])]
    result = await run(crew.reads(split=halves, join=joined), crew.sleeps("x", 0), work=work, sync=SHORT)
    pieces = [branch for branch in crew.branches if "piece" in branch.branch_id]
    assert [list(piece.inputs) for piece in pieces] == [["base"], ["base"]]
    assert result["branches"]["book"]["result"]["pages"] == list("abcd")


def explodes(payload: dict[str, Any]) -> list[dict[str, Any]]:
    raise RuntimeError("no idea")


def words(payload: dict[str, Any]) -> list[Any]:
    return ["one", "two"]


def spoils(payload: dict[str, Any]) -> list[dict[str, Any]]:
    payload.clear()
    return []


@pytest.mark.parametrize("split", [explodes, words, spoils, lambda payload: [payload]])
async def test_a_split_that_gives_no_pieces_costs_the_run_nothing(split: Any) -> None:
    crew = Readers()
    result = await run(
        crew.reads(split=split, fallback="spare"), crew.sleeps("spare", 1), work=[book("abcd")], sync=SHORT
    )
    assert result["branches"]["book"]["specialist"] == "spare"
    assert crew.branches[1].payload == {"pages": list("abcd")}


async def test_a_join_that_raises_fails_its_branch_and_the_pieces_are_kept() -> None:
    crew = Readers()
    result = await run(crew.reads(split=halves, join=explodes), work=[book("abcd")], sync=SHORT)
    assert (statuses(result)["book"], result["branches"]["book"]["reason"]) == ("failed", "no idea")
    assert set(result["result"]) == {"book/piece-1", "book/piece-2"}


async def test_pieces_whose_ids_are_taken_are_not_made() -> None:
    crew = Readers()
    work = [book("abcd"), {"branch_id": "book/piece-1", "specialist": "x"}]
    result = await run(crew.reads(split=halves), crew.sleeps("x", 0), work=work, sync=SHORT)
    assert crew.calls == {"book": 2, "book/piece-1": 1}
    assert statuses(result) == {"book": "timed_out", "book/piece-1": "succeeded"}


async def test_a_split_branch_survives_a_crash_and_its_finished_pieces_are_not_done_again() -> None:
    crew, saver = Readers(), InMemorySaver()

    def graph() -> Any:
        return compiled(crew.reads(split=halves, join=joined), saver=saver, sync=SHORT, mode="sequential")

    given = {"task": "x", "work": [book("abc")]}  # halves: one page, two pages
    running = asyncio.create_task(graph().ainvoke(given, thread(), context=FIXED))
    await asyncio.sleep(8)  # split at 5 s, the first piece is done at 7 s
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    result = await graph().ainvoke(None, thread(), context=FIXED)
    assert crew.calls == {"book": 1, "book/piece-1": 1, "book/piece-2": 2}
    assert result["branches"]["book"]["result"]["pages"] == list("abc")


async def test_a_slow_piece_is_waited_for_when_all_the_others_are_done() -> None:
    crew = Readers()

    async def read(branch: Branch) -> dict[str, Any]:
        crew.calls[branch.branch_id] += 1
        await asyncio.sleep(2 if len(branch.payload["pages"]) == 1 else 100)
        if branch.payload["pages"] == ["j"]:
            await asyncio.sleep(10)
        return {"pages": branch.payload["pages"]}

    reader = Specialist("reader", read, split=singles, join=joined)
    policy = SyncPolicy(threshold=0.75, grace_s=1, deadline_s=30)
    result = await run(reader, work=[book("abcdefghij")], sync=policy)
    assert result["branches"]["book"]["status"] == "succeeded"
    assert set(crew.calls.values()) == {1}


async def test_pieces_do_not_make_a_quorum_in_place_of_branches() -> None:
    crew = Readers()
    reader = crew.reads(split=singles, join=joined, broken={"d": 99}, **ONCE)
    crowd = [reader, crew.fails("broken", ValueError("no")), crew.sleeps("fine", 1)]
    work = [book("abcd"), {"branch_id": "broken", "specialist": "broken"}, {"branch_id": "fine", "specialist": "fine"}]
    policy = SyncPolicy(threshold=0.6, grace_s=1, deadline_s=5)
    result = await run(*crowd, work=work, sync=policy)
    assert result["status"] == "partial"  # one of three branches, and three of the four pieces of another
