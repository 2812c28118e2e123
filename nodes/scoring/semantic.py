"""How near the results of peers are in meaning, by any embedding of their words."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add, mul
from typing import Any

from langchain_core.embeddings import Embeddings

from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.scoring.consistency import consistencies
from langgraph_quorum.nodes.scoring.quality import shortened
from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError

TEXT_LENGTH = 8000
"""Characters of one result that are embedded."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far results agree.

    Attributes:
        scores: By branch, 0..1; branches for which nothing could be measured are left out.
        evidence: What could not be measured, and why.
    """

    scores: dict[str, float]
    evidence: list[str] = field(default_factory=list)


async def aconsistencies(
    results: Sequence[Scored], embeddings: Embeddings | None = None, timeout_s: float = 30.0
) -> Agreement:
    """`consistencies` and, with embeddings, `similarities`: the mean where both measured. Off the event loop."""
    scores = await in_thread(lambda: consistencies(results), name="consistency")
    if embeddings is None:
        return Agreement(scores)
    near = await similarities(results, embeddings, timeout_s)
    both = {
        branch_id: (scores.get(branch_id, share) + near.scores.get(branch_id, share)) / 2
        for branch_id, share in {**near.scores, **scores}.items()
    }
    return Agreement(both, near.evidence)


async def similarities(results: Sequence[Scored], embeddings: Embeddings, timeout_s: float = 30.0) -> Agreement:
    """The mean cosine of each result's words with those of its peers, brought to 0 where it is below.

    Peers are results of the same group by specialists of the same, non-empty type. The words of a result are all texts
    in it, with the names of their fields, up to `TEXT_LENGTH` characters; results without any are left out. Each
    distinct text is embedded once, all in one call. The mean over n peers follows from the sum of their unit vectors,
    so the time grows as n.

    Args:
        results: What is compared.
        embeddings: Any LangChain embeddings.
        timeout_s: Seconds for the embedding, above 0 and finite.

    Returns:
        The scores. An embedding that fails, is late or gives no usable vectors leaves them out, and is evidence.

    Raises:
        ConfigurationError: naming the argument that is wrong.
    """
    if not isinstance(embeddings, Embeddings):
        raise ConfigurationError("embeddings", embeddings, "give LangChain Embeddings")
    require(ConfigurationError, "timeout_s", timeout_s, lambda x: 0 < x < math.inf, "give seconds above 0")
    peers = await in_thread(lambda: _peers(results), name="similarity")
    texts = sorted({text for members in peers for _, text in members})
    if not texts:
        return Agreement({})
    try:
        async with asyncio.timeout(timeout_s) as limit:
            vectors = await embeddings.aembed_documents(texts)
    except Exception as error:  # noqa: BLE001  an embedding that fails must not cost the run
        late = f"did not answer within {timeout_s:g} s"
        why = late if limit.expired() else f"raised {type(error).__name__}: {shortened(message_of(error))}"
        return Agreement({}, [f"no similarity of meaning: the embedding {why}"])
    return await in_thread(lambda: _agreement(peers, texts, vectors), name="similarity")


def _peers(results: Sequence[Scored]) -> list[list[tuple[str, str]]]:
    """Branch and text of those that have peers, by what they have in common."""
    peers: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for result in sorted(results, key=lambda one: one.branch_id):
        text = "\n".join(_texts(result.value, ""))[:TEXT_LENGTH] if result.type else ""
        if text.strip():
            peers[result.group, result.type].append((result.branch_id, text))
    return [members for members in peers.values() if len(members) > 1]


def _texts(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{name}: {value}" if name else value
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from _texts(value[key], key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)


def _agreement(peers: Sequence[Sequence[tuple[str, str]]], texts: Sequence[str], vectors: Any) -> Agreement:
    try:
        units = _units(texts, vectors)
    except (TypeError, ValueError, OverflowError) as error:
        return Agreement({}, [f"no similarity of meaning: the embedding is unusable: {shortened(message_of(error))}"])
    scores: dict[str, float] = {}
    for members in peers:
        own = [units[text] for _, text in members]
        total = [0.0] * len(own[0])
        for unit in own:
            total = list(map(add, total, unit))
        for (branch_id, _), unit in zip(members, own, strict=True):
            with_others = (math.fsum(map(mul, unit, total)) - math.fsum(map(mul, unit, unit))) / (len(own) - 1)
            scores[branch_id] = min(1.0, max(0.0, with_others))
    return Agreement(scores)


def _units(texts: Sequence[str], vectors: Any) -> dict[str, list[float]]:
    units = {text: _unit(vector) for text, vector in zip(texts, vectors, strict=True)}
    if len({len(unit) for unit in units.values()}) > 1:
        raise ValueError("its vectors differ in length")
    return units


def _unit(vector: Any) -> list[float]:
    numbers = [float(number) for number in vector]
    length = math.hypot(*numbers)
    if length == math.inf:  # it may have a direction all the same
        largest = max(map(abs, numbers))
        numbers = [number / largest for number in numbers]
        length = math.hypot(*numbers)
    if not 0 < length < math.inf:
        raise ValueError("a vector has no direction")
    return [number / length for number in numbers]
