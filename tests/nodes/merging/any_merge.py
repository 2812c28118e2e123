"""Any strategy, and any results to be merged by it, for properties that hold whatever they are."""

from __future__ import annotations

import re
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st
from langchain_core.runnables import RunnableLambda

from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import (
    STRATEGIES,
    Consensus,
    Hierarchical,
    Patterns,
    Resolve,
    Weighted,
)
from langgraph_quorum.nodes.merging.synthesis import Synthesis

SEEN = LabelRecord({"s0": [("yes", "yes"), ("no", "no"), ("yes", "no")] * 9, "s1": [("no", "yes"), ("x", "no")] * 9})
"""s2 is not in it."""
SHOWN = re.compile('"branch": "(.*?)"')


def citing_all(messages: Any) -> str:
    """What a model says that cites every branch that it is shown."""
    found = SHOWN.findall("\n".join(str(message.content) for message in messages))
    return f"It is so [{', '.join(found)}]."


TUNED: dict[str, Strategy] = {
    "bootstrap": Weighted(interval="bootstrap"),
    "majority": Consensus(method="majority", agreement=0.9),
    "log_odds": Consensus(method="log_odds"),
    "by_record": Consensus(method="log_odds", record=SEEN),
    "by_record_and_quality": Consensus(method="log_odds", record=SEEN, own_quality=True),
    "trust": Resolve("trust", trust={"s0": 0.9, "s1": 0.3}),
    "recency": Resolve("recency"),
    "human": Resolve("human", by_field={"x": "recency"}, timestamp="y"),
    "by_type": Hierarchical(
        {"p": "consensus", "q": Consensus(method="majority")}, otherwise="best", overall="merge_all"
    ),
    "types_voted": Hierarchical({"p": "resolve"}, overall=Consensus(method="log_odds")),
    "patterns_of_three": Patterns(least=3),
    "by_group": by_group("weighted"),
    "synthesis": Synthesis(RunnableLambda(citing_all)),
}
ALL: dict[str, Strategy] = {**STRATEGIES, **TUNED}

plain = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e3, 1e3) | st.text(max_size=50)
values = st.recursive(
    plain | st.sampled_from(["yes", "no"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
rows = st.tuples(
    values,
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 100),
    st.sampled_from(["", "p", "q"]),
    st.none() | st.sampled_from(["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"]),
)


class Case(NamedTuple):
    """What a property is tried with.

    Attributes:
        made: One to six results by up to three specialists.
        random: To shuffle them by.
        place: The number of one of them, counted round and round.
        quality: Another quality for that one.
    """

    made: list[Scored]
    random: Random
    place: int
    quality: float


@st.composite
def sets_of_results(draw: Any, most: int = 6) -> list[Scored]:
    """One to `most` results by up to three specialists."""
    return [
        Scored(f"b{number}", f"s{number % 3}", value, quality, seconds, f"g{number % 2}", kind, at)
        for number, (value, quality, seconds, kind, at) in enumerate(draw(st.lists(rows, min_size=1, max_size=most)))
    ]


cases = st.builds(Case, sets_of_results(), st.randoms(), st.integers(0, 5), st.floats(0, 1))

MIXED = [Scored(f"b{number}", f"s{number % 3}", {}, None) for number in range(6)]
MIXED[1], MIXED[3], MIXED[4] = (MIXED[place]._replace(value=value) for place, value in ((1, []), (3, False), (4, True)))
AS_MANY_LABELS_AS_DICTS = Case(MIXED, Random(0), 1, 1.0)
"""One of more quality must not change what is voted on."""
