"""How much work there is: data volume, structure and computation, each measured and brought to 0..1."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.keywords import suggesting
from langgraph_quorum.state.records import WorkItem


@suggesting
@dataclass(frozen=True, slots=True)
class ComplexityScale:
    """Where each part of the complexity reaches one half, as x / (x + half).

    Attributes:
        volume_bytes: Bytes over all branches.
        parts: Sections, keys and items of the largest payload, each level of nesting counting as one more.
        cores: Branches, each counted as the cores it takes but at least a tenth: waiting is work too.
    """

    volume_bytes: float = 256 * 1024
    parts: float = 20.0
    cores: float = 4.0

    def __post_init__(self) -> None:
        for name in ("volume_bytes", "parts", "cores"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise ConfigurationError(name, value, "give a number above 0")


@dataclass(frozen=True, slots=True)
class Complexity:
    """The parts of the complexity, each in 0..1."""

    volume: float
    structure: float
    computation: float

    @property
    def score(self) -> float:
        """The mean of the parts, 0..1."""
        return (self.volume + self.structure + self.computation) / 3


_MEASURES = frozenset({"size_bytes", "parts", "depth"})
_ENCODER = json.JSONEncoder(default=str)
_LEAVES = frozenset({str, int, float, bool, type(None)})


def complexity_of(
    work: Sequence[WorkItem], specialists: Mapping[str, Specialist], scale: ComplexityScale
) -> Complexity:
    """Measure the work: sizes named by `measures` where the payload only refers to data, else the payload itself."""
    measures = [measures_of(item) for item in work if "payload" in item or "measures" in item]
    volume = sum([measure["size_bytes"] for measure in measures])
    parts = max([measure["parts"] + measure["depth"] for measure in measures], default=0.0)
    counts = Counter([item["specialist"] for item in work])
    cores = sum(max(specialists[name].cpu, 0.1) * count for name, count in counts.items())
    return Complexity(
        volume=volume / (volume + scale.volume_bytes),
        structure=parts / (parts + scale.parts),
        computation=cores / (cores + scale.cores),
    )


def measures_of(item: WorkItem) -> dict[str, float]:
    """`size_bytes`, `parts` and `depth` of one item: as it names them, the rest measured on its payload."""
    named = item.get("measures", {})
    if named.keys() >= _MEASURES:
        return named
    payload = item.get("payload", {})
    size = len(_ENCODER.encode(payload)) if payload else 0  # ASCII, so that characters are bytes
    parts, depth = _shape(payload)
    return {"size_bytes": float(size), "parts": float(parts), "depth": float(depth), **named}


def _shape(value: Any) -> tuple[int, int]:
    """Keys and items in a nested value, and how deep it nests. Without recursion: payloads come from outside."""
    parts, deepest, left = 0, 0, [(value, 0)]
    while left:
        current, depth = left.pop()
        if isinstance(current, Mapping):
            children: Sequence[Any] = list(current.values())
        elif isinstance(current, list):
            children = current
        else:
            continue
        parts += len(children)
        deepest = max(deepest, depth + 1)
        left.extend([(child, depth + 1) for child in children if type(child) not in _LEAVES])
    return parts, deepest
