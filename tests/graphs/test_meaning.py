"""Results that mean the same agree, in whatever words; what comparing and merging cost is counted."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from langgraph_quorum import Branch, Specialist, Synthesis, Tuning, build_workflow
from langgraph_quorum.nodes.scoring.usage import Price
from tests.chat_models import Scripted, says
from tests.graphs.running import FIXED

LONG = " and nothing else was found in all of the pages that were read"


class Meanings(Embeddings):
    """Knows two meanings: yes and no."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "yes" in text or "certainly" in text else [0.0, 1.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def says_always(name: str, text: str) -> Specialist:
    async def run(branch: Branch) -> dict[str, str]:
        return {"verdict": text}

    return Specialist(name, run, type="reader")


async def test_answers_in_other_words_agree_by_their_meaning() -> None:
    crew = [says_always("a", "yes" + LONG), says_always("b", "certainly" + LONG), says_always("c", "no" + LONG)]
    built = build_workflow(crew, merge="best", tuning=Tuning(embeddings=Meanings()))
    graph = built.compile()
    states = [part async for part in graph.astream({"task": "t"}, context=FIXED, stream_mode="values")]
    agreed = states[-1]["merged"]["metadata"]["consistency"]
    assert agreed["a"] == agreed["b"] > agreed["c"]


async def test_what_a_model_that_merges_has_cost_counts_for_the_run() -> None:
    model = Scripted(answers=[says("Both say yes [a] [b].")])
    crew = [says_always("a", "yes"), says_always("b", "yes")]
    built = build_workflow(crew, merge=Synthesis(model, price=Price(input=10, output=50)))
    graph = built.compile()
    states = [part async for part in graph.astream({"task": "t"}, context=FIXED, stream_mode="values")]
    assert states[-1]["merged"]["metadata"]["usage"]["cost"] == states[-1]["load"]["cost"] == 0.002
