"""What is missing goes to somebody else or gets more time; within bounds; what is done stays."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum import Answer, Branch, Specialist
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.reading import ONCE, SHORT, Readers, book, halves, joined, singles, state_of, told
from tests.graphs.running import PATIENT, Crew, run, statuses

pytestmark = pytest.mark.looptime


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


async def test_of_many_that_are_sent_out_again_the_trail_names_a_hundred() -> None:
    work = [{"branch_id": str(number), "specialist": "slow"} for number in range(101)]
    result = await run(Crew().sleeps("slow", 7, timeout_s=2, **ONCE), work=work, sync=PATIENT)
    (data,) = told(result)
    assert (data["total"], len(data["branches"]), list(data["longer"])) == (101, 100, data["branches"])


async def test_how_much_longer_is_a_parameter() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 7, timeout_s=2, **ONCE)
    result = await run(slow, sync=PATIENT, recovery=RecoveryPolicy(longer=4))
    assert (statuses(result)["slow"], result["branches"]["slow"]["seconds"]) == (
        "succeeded",
        pytest.approx(7, abs=0.01),
    )


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
