"""What is missing goes to somebody else, in smaller pieces, or gets more time; within bounds; what is done stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.running import FIXED, PATIENT, Crew, compiled, run, statuses, thread

pytestmark = pytest.mark.looptime

SHORT = SyncPolicy(threshold=1.0, deadline_s=5)
ONCE: dict[str, Any] = {"attempts": 1}


def halves(payload: dict[str, Any]) -> list[dict[str, Any]]:
    pages = payload["pages"]
    return [{"pages": part} for part in (pages[: len(pages) // 2], pages[len(pages) // 2 :]) if part]


def singles(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"pages": [page]} for page in payload["pages"]]


class Readers(Crew):
    """Specialists that take two seconds for each page."""

    def reads(self, name: str = "reader", broken: dict[str, int] | None = None, **settings: Any) -> Specialist:
        """Reads pages. A page in `broken` raises so many times."""
        left = dict(broken or {})

        async def run(branch: Branch) -> dict[str, Any]:
            self._note(branch)
            for page in branch.payload["pages"]:
                await asyncio.sleep(2)
                if left.get(page, 0):
                    left[page] -= 1
                    raise ConnectionError(page)
            return {"by": name, "pages": branch.payload["pages"], "confidence": 0.9}

        return Specialist(name, run, **settings)


def joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"pages": [page for result in results for page in result["pages"]], "confidence": 0.9}


def book(pages: str, **fields: Any) -> dict[str, Any]:
    return {"branch_id": "book", "specialist": "reader", "payload": {"pages": list(pages)}, **fields}


def told(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [line["data"] for line in result["timeline"] if line["event"] == "redistributed"]


async def state_of(*specialists: Specialist, work: Any = None, **settings: Any) -> dict[str, Any]:
    """Everything that a run has kept."""
    graph = compiled(*specialists, saver=InMemorySaver(), **settings)
    given = {"task": "x"} if work is None else {"task": "x", "work": work}
    await graph.ainvoke(given, thread(), context=FIXED)
    values: dict[str, Any] = (await graph.aget_state(thread())).values
    return values


async def test_what_failed_for_good_goes_to_another_specialist_of_its_type() -> None:
    crew = Crew()
    crowd = [crew.fails("first", ValueError("no"), type="t"), crew.sleeps("second", 1, type="t"), crew.sleeps("x", 1)]
    work = [{"branch_id": "b", "type": "t", "priority": "high"}, {"branch_id": "done", "specialist": "x"}]
    result = await run(*crowd, work=work, sync=SHORT)
    assert result["branches"]["b"]["specialist"] == "second"
    assert told(result)[0]["moved"] == {"b": "second"}
    assert crew.calls == {"b": 2, "done": 1}


async def test_each_specialist_of_a_type_gets_a_branch_once() -> None:
    crew = Crew()
    crowd = [crew.fails(name, ValueError(name), type="t") for name in "abc"]
    result = await run(*crowd, work=[{"branch_id": "b", "type": "t"}], sync=SHORT, recovery=RecoveryPolicy(rounds=9))
    assert crew.calls == {"b": 3}
    assert [data["moved"] for data in told(result)] == [{"b": "b"}, {"b": "c"}]
    assert result["status"] == "failed"


async def test_a_specialist_that_does_not_accept_the_source_is_not_asked() -> None:
    crew = Crew()
    crowd = [crew.fails("a", ValueError("no"), type="t"), crew.sleeps("b", 1, type="t", source_types=("pdf",))]
    work = [{"branch_id": "x", "type": "t", "source_type": "html"}]
    result = await run(*crowd, work=work, sync=SHORT)
    assert (crew.calls, result["status"]) == ({"x": 1}, "failed")


async def test_work_that_names_its_specialist_stays_with_it_and_its_fallback() -> None:
    crew = Crew()
    crowd = [crew.fails("a", ValueError("no"), type="t"), crew.sleeps("b", 1, type="t")]
    result = await run(*crowd, work=[{"branch_id": "x", "specialist": "a"}], sync=SHORT)
    assert (crew.calls, result["status"]) == ({"x": 1}, "failed")


async def test_a_fallback_that_a_work_item_names_takes_over() -> None:
    crew = Crew()
    work = [{"branch_id": "x", "specialist": "slow", "fallback": "quick"}]
    result = await run(crew.sleeps("slow", 100), crew.sleeps("quick", 1), work=work, sync=SHORT)
    assert (result["branches"]["x"]["specialist"], crew.calls) == ("quick", {"x": 2})


async def test_what_ran_out_of_its_own_time_gets_longer() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 7, timeout_s=2, **ONCE)
    result = await run(slow, crew.sleeps("x", 1), sync=PATIENT)
    assert [data["longer"] for data in told(result)] == [{"slow": 4.0}]
    # Twice as long was too little, too; then nothing is left but to say so.
    assert (statuses(result)["slow"], crew.calls) == ("timed_out", {"slow": 2, "x": 1})


async def test_how_much_longer_is_a_parameter() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 7, timeout_s=2, **ONCE)
    result = await run(slow, sync=PATIENT, recovery=RecoveryPolicy(longer=4))
    assert (statuses(result)["slow"], result["branches"]["slow"]["seconds"]) == (
        "succeeded",
        pytest.approx(7, abs=0.01),
    )


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


async def test_no_more_is_sent_out_than_attempts_are_left() -> None:
    crew = Crew()
    crowd = [crew.fails(name, ConnectionError(), **ONCE) for name in "abcd"]
    values = await state_of(*crowd, sync=PATIENT, recovery=RecoveryPolicy(attempts=6))
    assert sum(crew.calls.values()) == 6  # four, then the first two once more
    assert values["load"]["attempts"] == 6
    assert values["load"]["why"] == "all 6 attempts are used up"


async def test_retries_within_a_round_keep_to_the_attempts_that_are_left() -> None:
    crew = Crew()
    crowd = [crew.fails(name, ConnectionError(), backoff_s=0.1) for name in "ab"]
    await state_of(*crowd, sync=PATIENT, recovery=RecoveryPolicy(attempts=9))
    assert sum(crew.calls.values()) == 9  # three each; then one each, and one of the third round's


async def test_nothing_is_sent_out_when_the_seconds_are_used_up() -> None:
    crew = Crew()

    async def fails_slowly(branch: Branch) -> None:
        crew.calls[branch.branch_id] += 1
        await asyncio.sleep(4)
        raise ConnectionError

    crowd = [Specialist("a", fails_slowly, **ONCE)]
    values = await state_of(*crowd, sync=PATIENT, recovery=RecoveryPolicy(rounds=9, seconds=10))
    assert crew.calls["a"] == 3  # at 0, 4 and 8 s; not at 12 s
    assert values["load"]["seconds"] == pytest.approx(12, abs=0.01)
    assert values["load"]["why"] == "all 10 seconds are used up"


async def test_nothing_is_sent_out_when_the_cost_is_used_up() -> None:
    crew = Crew()

    async def dear(branch: Branch) -> Answer:
        crew.calls[branch.branch_id] += 1
        return Answer({"confidence": 0.1 * crew.calls[branch.branch_id]}, cost=2.0)

    values = await state_of(Specialist("a", dear), sync=PATIENT, recovery=RecoveryPolicy(rounds=9, cost=5))
    assert crew.calls["a"] == 3  # 2, 4, 6: above 5
    assert values["load"]["cost"] == 6.0
    assert values["load"]["why"] == "the cost of 5 is used up"


async def test_the_rounds_bound_all_ways_together() -> None:
    crew = Readers()
    reader = crew.reads(split=singles, join=joined, broken={"c": 99}, **ONCE)
    result = await run(reader, work=[book("abcd")], sync=SHORT, recovery=RecoveryPolicy(rounds=2))
    assert [decision["round"] for decision in result["sync"]] == [0, 1, 2]
    assert crew.calls["book/piece-3"] == 2


@pytest.mark.parametrize(
    "field", [{"rounds": -1}, {"attempts": 0}, {"seconds": 0}, {"cost": -1}, {"longer": 0.5}, {"rounds": 1.5}]
)
def test_bounds_that_make_no_sense_are_refused_by_name(field: dict[str, Any]) -> None:
    (name,) = field
    with pytest.raises(ConfigurationError, match=name):
        RecoveryPolicy(**field)


async def test_every_way_at_once_leaves_what_is_done_alone() -> None:
    crew = Readers()
    crowd = [
        crew.reads(split=halves, join=joined),
        crew.fails("broken", ValueError("no"), type="t"),
        crew.sleeps("able", 1, type="t"),
        crew.sleeps("slow", 3, timeout_s=2, **ONCE),
        crew.fails("shaky", ConnectionError(), times=1, **ONCE),
        crew.sleeps("fine", 1),
    ]
    work = [
        book("abcd"),
        {"branch_id": "moved", "type": "t", "priority": "high"},
        *[{"branch_id": name, "specialist": name} for name in ("slow", "shaky", "fine")],
    ]
    result = await run(*crowd, work=work, sync=SHORT)
    assert set(statuses(result).values()) == {"succeeded"}
    (data,) = told(result)
    assert (data["moved"], data["split"], data["longer"]) == ({"moved": "able"}, ["book"], {"slow": 4.0})
    assert crew.calls == {
        "book": 1,
        "book/piece-1": 1,
        "book/piece-2": 1,
        "moved": 2,
        "slow": 2,
        "shaky": 2,
        "fine": 1,
    }
    why = next(line["why"] for line in result["timeline"] if line["event"] == "redistributed")
    assert why.split("; ") == [
        "missing or weak: 4 branches",
        "to their fallback or another specialist: 1",
        "in smaller pieces: 1",
        "with more time: 1",
    ]


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
