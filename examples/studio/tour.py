"""Steps through two graphs of a running `langgraph dev` as one does in Studio, and prints what one sees there.

python examples/studio/tour.py [ADDRESS]

It ends with 1, and says so in a line, where no server answers at the address.
"""

from __future__ import annotations

import asyncio
import sys
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import httpx
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import APIError

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"


async def main(address: str) -> None:
    """Step, look, edit, go back, answer."""
    async with get_client(url=address) as client:
        thread: str = (await client.threads.create(graph_id="straggler"))["thread_id"]
        await step_to_the_merger(client, thread)
        await edit(client, thread)
        await merge_again(client, thread)
        await answer_questions(client)


async def step_to_the_merger(client: LangGraphClient, thread: str) -> None:
    """A break before every node: each run takes one step."""
    print("step by step")
    state: Any = {"next": []}
    while state["next"] != ["merger"]:
        given = None if state["next"] else {"task": "Look into it"}
        await client.runs.wait(thread, "straggler", input=given, interrupt_before="*")
        state = await client.threads.get_state(thread)
        print("  next:", ", ".join(state["next"]))
    for name, branch in state["values"]["branches"].items():
        print(f"  {name} {branch['status']}" + (f": {branch['reason']}" if branch["reason"] else ""))


async def edit(client: LangGraphClient, thread: str) -> None:
    """What a branch has answered is changed before it is merged."""
    print("edit an answer, and run on")
    state: Any = await client.threads.get_state(thread)
    security = state["values"]["branches"]["security"]
    security["result"] = {**security["result"], "finding": "security has looked twice"}
    await client.threads.update_state(thread, {"branches": {"security": security}})
    out: Any = await client.runs.wait(thread, "straggler", input=None)
    (merged,) = [line["why"] for line in out["timeline"] if line["event"] == "merged"]
    print(f"  {out['status']}, merged by {merged}")


async def merge_again(client: LangGraphClient, thread: str) -> None:
    """From the step before the merger on, with another strategy; no specialist runs again."""
    print("go back to before the merger, with another strategy")
    history: Any = await client.threads.get_history(thread, limit=50)
    before = next(state["checkpoint"] for state in history if state["next"] == ["merger"])
    context = {"merge": "merge_all"}
    out: Any = await client.runs.wait(thread, "straggler", input=None, checkpoint=before, context=context)
    for name, answer in sorted(out["result"].items()):
        print(f"  {name}: {answer['finding']}")


async def answer_questions(client: LangGraphClient) -> None:
    """Two branches ask at once, and each is answered by the id of its question; then the whole is approved."""
    print("answer questions by their ids")
    thread = (await client.threads.create(graph_id="document_sign_off"))["thread_id"]
    sources: Any = [str(DOCUMENTS / name) for name in ("pep-0020.rst", "pep-0257.rst")]
    await client.runs.wait(thread, "document_sign_off", input={"sources": sources})
    asked = await questions(client, thread)
    for document, (_, text) in sorted(asked.items()):
        print(f"  {document}: {text}")
    answers = {"pep-0257.rst": "reject: it shows Python 2", "pep-0020.rst": "approve", "": "approve"}
    for document, answer in answers.items():
        question, _ = asked[document]
        await client.runs.wait(thread, "document_sign_off", command={"resume": {question: answer}})
        asked = await questions(client, thread)
        print(f"  {document or 'the whole'}, {answer}; open:", ", ".join(one or "the whole" for one in asked) or "none")
    values: Any = (await client.threads.get_state(thread))["values"]
    print(f"  {values['status']}: {values['result']}")


async def questions(client: LangGraphClient, thread: str) -> dict[str, tuple[str, str]]:
    """The id and the text of each open question, by document; "" stands for the whole."""
    state: Any = await client.threads.get_state(thread)
    asked = [one for task in state["tasks"] for one in task["interrupts"]]
    return {one["value"].get("document", ""): (one["id"], one["value"].get("question", "")) for one in asked}


if __name__ == "__main__":
    server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:2024"
    try:
        asyncio.run(main(server))
    except (httpx.TransportError, httpx.InvalidURL, APIError, JSONDecodeError) as error:
        mend = "give the address that `langgraph dev` says, started in this repository"
        sys.exit(f"no server of these graphs answers at {server!r} ({type(error).__name__}: {error}): {mend}")
