"""A digest of web pages: fetch each, note its title and length, write it all up."""

import asyncio
import operator
import sys
from typing import Annotated, Any, NotRequired
from urllib.parse import urljoin

import httpx
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from sample_site import sample_site
from typing_extensions import TypedDict

from langgraph_quorum import QuorumBranches, SyncPolicy, fan_out, quorum_branch


class Page(TypedDict):
    url: str


class Digest(QuorumBranches):
    urls: list[str]
    lines: NotRequired[Annotated[list[str], operator.add]]
    digest: NotRequired[str]


async def fetch(url: str) -> str:
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(url)
    return answer.raise_for_status().text


async def summarise(state: Page) -> dict[str, Any]:
    text = await fetch(state["url"])
    title = next((line for line in text.splitlines() if line.startswith("Title: ")), "Title: none")
    return {"lines": [f"{title.removeprefix('Title: ')}, {len(text.split())} words"]}


summarising = quorum_branch(summarise, SyncPolicy(threshold=0.5, grace_s=1, deadline_s=30), timeout_s=20)


def spread(state: Digest) -> list[Send]:
    return fan_out(summarising, {url: {"url": url} for url in state["urls"]})


async def write(state: Digest) -> dict[str, Any]:
    gone = [f"missing {one['branch_id']}" for one in state.get("branches", {}).values() if one["status"] != "succeeded"]
    return {"digest": "\n".join(sorted(state.get("lines", [])) + gone)}


builder = StateGraph(Digest)
builder.add_node("summarise", summarising)
builder.add_node("write", write)
builder.add_conditional_edges(START, spread, ["summarise"])
builder.add_edge("summarise", "write")
graph = builder.compile()


async def main(pages: list[str]) -> None:
    with sample_site() as site:
        out = await graph.ainvoke({"urls": [urljoin(site, page) for page in pages]})
    print(out["digest"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["pep-0020.rst", "pep-0257.rst", "slow"]))
