"""What is stormed: the scenarios of the crash tests with everybody let to end, and some of the storm's own."""

from __future__ import annotations

from langgraph_quorum import SyncPolicy
from tests.crashes.continuing import BUNDLES, GROWTH, NESTED, PARKED, QUESTION, ROUNDS
from tests.crashes.enduring import FAILING, HEDGED
from tests.crashes.joining import APART, DAG, SEQUENCE, item, workers
from tests.crashes.scenario import Scenario

SMALL = Scenario("small", workers, [item("a"), item("b"), item("c")], ())

# They end one after the other: each is a write of its own, or shares one with its neighbours when they are grouped.
WIDE = Scenario("wide", workers, [item(f"b{n}", seconds=[0.002 * n]) for n in range(40)], ())

MANY_BUNDLES = Scenario(
    "many-bundles",
    lambda crew: workers(crew, bundle=5),
    [item(f"b{n}", seconds=[0.003 * n]) for n in range(40)],
    (),
)

HARVEST = Scenario(
    "harvest",
    lambda crew: workers(crew, SyncPolicy(threshold=0.6, grace_s=0.05, deadline_s=600, on_straggler="harvest")),
    # Two of three are the quorum; the late one answers while the weak one is redone.
    [item("fine"), item("weak", confidence=[0.3, 0.95], seconds=[0.02, 0.4]), item("late", seconds=[0.25])],
    (),
    timed=frozenset({"late"}),
)

SCENES = {
    one.name: one
    for one in (
        *(SMALL, WIDE, MANY_BUNDLES, HARVEST),
        *(DAG, SEQUENCE, APART),
        *(FAILING, HEDGED),
        *(QUESTION, PARKED, GROWTH, ROUNDS, BUNDLES, NESTED),
    )
}
