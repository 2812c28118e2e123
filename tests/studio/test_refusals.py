"""What the server's clients are told when what they have given does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import BadRequestError

from tests.studio.threads import new_thread, state_of

pytestmark = pytest.mark.xdist_group("studio")


async def before_the_merger(client: LangGraphClient) -> str:
    """A thread that stands before its merger."""
    thread_id = await new_thread(client, "straggler")
    await client.runs.wait(thread_id, "straggler", input={"task": "x"}, interrupt_before=["merger"])
    return thread_id


async def test_an_edit_that_does_not_fit_is_refused_in_words_and_changes_nothing(client: LangGraphClient) -> None:
    thread_id = await before_the_merger(client)
    there = (await state_of(client, thread_id))["values"]
    refused: list[tuple[dict[str, Any], str | None, str]] = [
        ({"branches": {"technical": {"stat": "failed"}}}, None, r"branches\.technical\.stat='failed'.*mean 'status'\?"),
        ({"branches": {"tecnical": {"status": "failed"}}}, None, r"branches='tecnical'.*mean 'technical'\?"),
        ({"verdict": "escalate"}, "validator", r"verdict='escalate': this workflow goes on by approved, "),
    ]
    for values, node, words in refused:
        with pytest.raises(BadRequestError, match=words):
            await client.threads.update_state(thread_id, values, as_node=node)
    assert (await state_of(client, thread_id))["values"] == there


@pytest.mark.parametrize(
    ("given", "context", "error", "words"),
    [
        ({"sources": []}, None, "PlanError", "sources is empty: name files, folders or globs to analyse"),
        ({"sources": ["exampels"]}, None, "DocumentError", "exampels: no such file or folder: check the spelling"),
        ({"sources": ["x"]}, {"merge": "median"}, "ConfigurationError", "context.merge='median': give one of"),
    ],
    ids=["input", "path", "context"],
)
async def test_a_run_that_was_given_what_does_not_fit_says_why(
    client: LangGraphClient, given: dict[str, Any], context: Any, error: str, words: str
) -> None:
    graph = "document_analysis"
    run = client.runs.wait(await new_thread(client, graph), graph, input=given, context=context, raise_error=False)
    out: Any = await run
    assert out["__error__"]["error"] == error
    assert out["__error__"]["message"].startswith(words)


async def test_the_server_drops_a_setting_of_a_name_that_there_is_not(client: LangGraphClient) -> None:
    """Of any graph, before the graph sees it: `docs/studio.md` warns of it."""
    context: Any = {"treshold": 0.2}
    thread_id = await new_thread(client, "straggler")
    out: Any = await client.runs.wait(thread_id, "straggler", input={"task": "x"}, context=context)
    assert [decision["threshold"] for decision in out["sync"]] == [0.6]  # the workflow's own
