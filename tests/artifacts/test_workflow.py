"""A workflow with an artifact store: specialists and mergers see texts, state and checkpoints hold references."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph

from langgraph_quorum import Answer, Branch, QuorumContext, Specialist, fan_out, quorum_branch
from langgraph_quorum.nodes.artifacts.access import artifact_store
from langgraph_quorum.state.artifacts import OFFLOADED, ArtifactRef, is_reference
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.artifacts.stores import CountingArtifacts
from tests.artifacts.workflows import LIMIT, TEXT_A, TEXT_B, Pages, context, run, text_of
from tests.graphs.running import compiled, thread


@pytest.mark.looptime
async def test_a_specialist_gets_the_text_and_its_record_refers_to_the_one_it_gives() -> None:
    async def turn(branch: Branch) -> dict[str, Any]:
        assert branch.payload == {"text": TEXT_A, "note": "small"}
        return {"text": TEXT_B, "confidence": 0.9}

    store = CountingArtifacts()
    out = await run(
        Specialist("a", turn), store=store, work=[{"specialist": "a", "payload": {"text": TEXT_A, "note": "small"}}]
    )
    result = out["branches"]["a"]["result"]
    assert result["confidence"] == 0.9
    assert result["text"]["media_type"] == OFFLOADED
    assert await text_of(store, result["text"]) == TEXT_B
    assert len(store) == 2


@pytest.mark.looptime
async def test_nothing_large_stands_in_any_checkpoint_or_send() -> None:
    async def gives(branch: Branch) -> Any:
        return TEXT_B + branch.inputs.get("a", "")

    saver, store = InMemorySaver(), CountingArtifacts()
    crew = [Specialist("a", gives), Specialist("b", gives)]
    work = [
        {"branch_id": "a", "specialist": "a", "payload": {"text": TEXT_A}},
        {"branch_id": "b", "specialist": "b", "depends_on": ["a"]},
    ]
    graph = compiled(*crew, saver=saver)
    await graph.ainvoke({"task": "x", "work": work}, thread(), context=context(store))
    after_input = [one async for one in graph.aget_state_history(thread())][:-2]  # the last two hold the input itself
    assert len(after_input) >= 6
    for snapshot in after_input:
        seen = json.dumps([snapshot.values, [task.result for task in snapshot.tasks]], default=str)
        assert TEXT_A not in seen
        assert TEXT_B not in seen


@pytest.mark.looptime
async def test_inputs_conditions_and_scorers_see_texts() -> None:
    seen: dict[str, Any] = {}

    async def gives(branch: Branch) -> Any:
        seen[branch.branch_id] = branch.inputs
        return TEXT_B

    def score(branch: Branch, result: Any) -> float:
        return 1.0 if result == TEXT_B and branch.payload.get("text", TEXT_A) == TEXT_A else 0.0

    work = [
        {"branch_id": "first", "specialist": "a", "payload": {"text": TEXT_A}},
        {"branch_id": "then", "specialist": "a", "depends_on": ["first"], "when": "is whole"},
    ]
    conditions = {"is whole": lambda inputs: inputs["first"] == TEXT_B}
    out = await run(Specialist("a", gives), store=CountingArtifacts(), work=work, conditions=conditions, scorer=score)
    assert seen["then"] == {"first": TEXT_B}
    assert [record["quality"]["score"] for record in out["branches"].values()] == [1.0, 1.0]


@pytest.mark.looptime
async def test_a_text_that_many_branches_work_on_is_kept_and_read_once() -> None:
    seen: list[str] = []

    async def reads(branch: Branch) -> int:
        seen.append(branch.payload["text"])
        return len(branch.payload["text"])

    store = CountingArtifacts()
    ref = await store.put(TEXT_A.encode(), media_type=OFFLOADED)
    work = [{"branch_id": f"b{n}", "specialist": "a", "payload": {"text": ref}} for n in range(100)]
    out = await run(Specialist("a", reads), store=store, work=work)
    assert {record["result"] for record in out["branches"].values()} == {5_000}
    assert set(seen) == {TEXT_A}
    assert store.gets == {ref["artifact"]: 1}


@pytest.mark.looptime
async def test_branches_that_share_a_send_are_served_alike() -> None:
    asked: list[str] = []

    async def turns(branch: Branch) -> Any:
        asked.append(branch.branch_id)
        return {"a": TEXT_B, "b": len(branch.payload["text"]), "c": Answer(TEXT_B)}[branch.branch_id[0]]

    store = CountingArtifacts()
    work: list[dict[str, Any]] = [
        {"branch_id": f"{kind}{n}", "specialist": "s", "payload": {"text": TEXT_A}} for n in range(5) for kind in "bc"
    ]
    work += [{"branch_id": f"a{n}", "specialist": "s", "payload": {"text": "small"}} for n in range(5)]
    out = await run(Specialist("s", turns), store=store, work=work, bundle=50)
    results = {name: record["result"] for name, record in out["branches"].items()}
    assert store.gets.total() == 0  # whoever puts a text away still has it at hand
    assert all(results[f"b{n}"] == 5_000 for n in range(5))
    assert {await text_of(store, results[f"{kind}{n}"]) for n in range(5) for kind in "ac"} == {TEXT_B}
    assert sorted(asked) == sorted(item["branch_id"] for item in work)  # each once


@pytest.mark.looptime
async def test_the_merger_sees_texts_and_the_outcome_refers_to_what_it_makes() -> None:
    async def gives(branch: Branch) -> dict[str, Any]:
        return {"text": TEXT_A, "confidence": 0.9}

    def joined(results: Any, weights: Any) -> Any:
        return {"whole": "".join(result.value["text"] for result in results)}

    store = CountingArtifacts()
    out = await run(Specialist("a", gives), Specialist("b", gives), store=store, merge=joined)
    assert await text_of(store, out["result"]["whole"]) == TEXT_A * 2


@pytest.mark.looptime
async def test_without_a_store_and_below_the_limit_everything_stays_in_place() -> None:
    async def gives(branch: Branch) -> Any:
        return branch.payload["text"]

    work = [{"specialist": "a", "payload": {"text": TEXT_A}}]
    assert (await run(Specialist("a", gives), store=None, work=work))["branches"]["a"]["result"] == TEXT_A
    store = CountingArtifacts()
    small = [{"specialist": "a", "payload": {"text": "x" * LIMIT}}]
    assert (await run(Specialist("a", gives), store=store, work=small))["branches"]["a"]["result"] == "x" * LIMIT
    assert len(store) == 0


@pytest.mark.looptime
async def test_a_reference_of_the_specialists_own_stays_a_reference() -> None:
    async def makes(branch: Branch) -> ArtifactRef:
        return await artifact_store().put(b"\x00picture", media_type="image/png")

    async def looks(branch: Branch) -> str:
        ref = branch.inputs["a"]
        assert is_reference(ref)
        return (await artifact_store().get(ref)).hex()

    work = [{"branch_id": "a", "specialist": "a"}, {"branch_id": "b", "specialist": "b", "depends_on": ["a"]}]
    out = await run(Specialist("a", makes), Specialist("b", looks), store=CountingArtifacts(), work=work)
    assert out["branches"]["b"]["result"] == b"\x00picture".hex()
    assert out["branches"]["a"]["result"]["media_type"] == "image/png"


@pytest.mark.looptime
async def test_work_that_a_result_asks_for_is_put_away_too() -> None:
    seen: list[str] = []

    async def asks(branch: Branch) -> Any:
        if "text" in branch.payload:
            seen.append(branch.payload["text"])
            return 1
        return Answer(0, work=[{"branch_id": "more", "specialist": "a", "payload": {"text": TEXT_A}}])

    out = await run(Specialist("a", asks), store=CountingArtifacts())
    assert seen == [TEXT_A]
    assert is_reference(out["branches"]["a"]["work"][0]["payload"]["text"])


@pytest.mark.looptime
async def test_split_gets_the_text_and_join_the_results_of_its_pieces() -> None:
    async def slow(branch: Branch) -> str:
        text: str = branch.payload["text"]
        await asyncio.sleep(len(text) / 1000)
        return text

    def halves(payload: dict[str, Any]) -> list[dict[str, Any]]:
        middle = len(payload["text"]) // 2
        return [{"text": payload["text"][:middle]}, {"text": payload["text"][middle:]}]

    store = CountingArtifacts()
    splitting = Specialist("a", slow, timeout_s=3, attempts=1, split=halves, join="".join)
    out = await run(splitting, store=store, work=[{"specialist": "a", "payload": {"text": TEXT_A}}])
    assert out["branches"]["a"]["status"] == "succeeded"
    assert await text_of(store, out["branches"]["a"]["result"]) == TEXT_A


@pytest.mark.looptime
async def test_the_analyzer_counts_what_a_reference_stands_for() -> None:
    async def reads(branch: Branch) -> int:
        return 1

    work = [{"specialist": "a", "payload": {"text": TEXT_A * 100}}]

    async def volume(store: ArtifactStore | None) -> float:
        graph = compiled(Specialist("a", reads), saver=InMemorySaver())
        await graph.ainvoke({"task": "x", "work": work}, thread(), context=context(store))
        state = await graph.aget_state(thread())
        return float(state.values["mode"]["complexity_parts"]["volume"])

    assert await volume(CountingArtifacts()) == pytest.approx(await volume(None), rel=0.01)


@pytest.mark.looptime
async def test_a_graph_of_ones_own_hands_and_gets_everything_as_it_is() -> None:
    store, seen = CountingArtifacts(), []
    ref = await store.put(TEXT_B.encode(), media_type=OFFLOADED)

    async def fetch(state: Any) -> dict[str, Any]:
        seen.append(state["url"])
        return {"pages": [TEXT_A]}

    fetching = quorum_branch(fetch, SyncPolicy(threshold=1.0))
    builder = StateGraph(Pages, context_schema=QuorumContext)
    builder.add_node("fetch", fetching)
    builder.add_conditional_edges(START, lambda state: fan_out(fetching, [{"url": ref}]), ["fetch"])
    out = await builder.compile().ainvoke({}, context=context(store))
    assert (seen, out["pages"]) == ([ref], [TEXT_A])
