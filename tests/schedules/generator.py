"""Draws a scenario from a seed. Times lie on a coarse grid, so that things often happen at the same moment."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Any

from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import GrowthPolicy, RecoveryPolicy
from langgraph_quorum.state.records import Mode, WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from tests.schedules.demands import growing, paced, recovering, resting
from tests.schedules.scenario import LONGEST_SCORING_S, Act, Kind, Says, Scenario

TIMES = (0.0, 0.1, 0.1, 0.3, 0.5, 0.5, 1.0, 1.0, 2.0, 3.0, 5.0)
PLAIN: tuple[Kind, ...] = ("answer", "answer", "answer", "answer", "instant")
FAULTY: tuple[Kind, ...] = ("transient", "transient", "permanent", "unkeepable", "hang", "exits", "quits")
UNRULY: tuple[Kind, ...] = ("stubborn", "swallow", "bitter", "hang", "busy")


def scenario_of(seed: int) -> Scenario:
    """The scenario of a seed, undisturbed."""
    rng = Random(seed)
    endless = rng.random() < 0.15
    ids = [f"b{number}" for number in range(rng.choice((1, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12)))]
    specialists = _specialists(rng, endless)
    policies = _policies(rng, ids, specialists, endless)
    resources = {"tokens": rng.choice((1.0, 2.0, 3.0))} if rng.random() < 0.3 else {}
    work = _work(rng, ids, specialists, policies, resources)
    if (crowd := Random(f"crowd {seed}")).random() < 0.15:
        resources = _crowd(crowd, work)
    policies = _possible(policies, work, specialists)
    mood = rng.random()
    modes: tuple[Mode, ...] = ("parallel", "parallel", "sequential", "adaptive")
    mode = rng.choice(modes)
    at_once = 1000 if mode == "parallel" and rng.random() < 0.6 else rng.choice((1, 1, 2, 3))
    drawn = Scenario(
        seed=seed,
        work=work,
        specialists=specialists,
        policies=policies,
        acts={branch_id: _acts(rng, mood) for branch_id in ids},
        mode=mode,
        at_once=at_once,
        ceiling=at_once + rng.choice((0, 1, 5)),
        cpu_at_once=rng.choice((1.0, 2.0, 4.0)),
        resources=resources,
        bundle=rng.choice((None, None, 2, 4, 12)),
        max_concurrency=rng.choice((None, None, None, 1, 2, 4)),
        recovery=RecoveryPolicy(rounds=rng.choice((0, 1, 2, 3))),
        weak_again=rng.random() < 0.1,
        commit_lag=rng.choice((0, 0, 1, 3)),
        down_s=rng.choice((0.0, 1.0, 100.0)),
        endless=endless,
        growth=GrowthPolicy(0, 0),
        strict=True,
        merging_s=0.0,
        spare=[_acts(rng, mood) for _ in range(3)],
    )
    return growing(recovering(paced(resting(drawn))))


def _time(rng: Random) -> float:
    return rng.choice(TIMES) if rng.random() < 0.8 else round(rng.uniform(0.0, 4.0), 3)


def _specialists(rng: Random, endless: bool) -> list[dict[str, Any]]:
    names = [f"s{number}" for number in range(rng.choice((1, 1, 2, 3, 4)))]
    return [
        {
            "name": name,
            "type": rng.choice(("", "red", "blue")),
            "timeout_s": rng.choice((0.5, 1.0, 2.0, 5.0, math.inf if endless else 20.0)),
            "attempts": rng.choice((1, 1, 2, 3)),
            "backoff_s": rng.choice((0.1, 0.5)),
            "backoff_max_s": 1.0,
            "hedge_s": rng.choice((None, None, None, 0.1, 0.5, 1.0)),
            "fallback": rng.choice([*(None for _ in names), *(other for other in names if other != name)]),
            "cpu": rng.choice((None, None, None, 0.02, 0.5, 1.0, 3.0)),
        }
        for name in names
    ]


def _policies(rng: Random, ids: list[str], specialists: list[dict[str, Any]], endless: bool) -> list[SyncPolicy]:
    kinds = sorted({one["type"] for one in specialists if one["type"]})
    policies = []
    for number in range(rng.choice((0, 0, 0, 1, 2, 3))):
        among = ids[: rng.randint(1, len(ids))]
        branches = tuple(rng.sample(among, rng.randint(1, len(among))))
        types = (rng.choice(kinds),) if kinds and rng.random() < 0.3 else ()
        policies.append(_policy(rng, f"p{number}", list(branches), endless, branches=branches, types=types))
    if not policies or rng.random() < 0.8:
        claimed = {branch_id for policy in policies for branch_id in policy.branches}
        rest = [branch_id for branch_id in ids if branch_id not in claimed]
        policies.append(_policy(rng, "main", rest, endless))
    return policies


def _policy(rng: Random, name: str, ids: list[str], endless: bool, **claims: Any) -> SyncPolicy:
    count = max(1, len(ids))
    policy = SyncPolicy(
        name=name,
        threshold=rng.choice((0.25, 0.5, 0.6, 0.75, 1.0)),
        grace_s=rng.choice((0.0, 0.0, 0.3, 1.0, 3.0)),
        deadline_s=rng.choice((0.5, 2.0, 5.0, 20.0, 60.0 if endless else math.inf)),
        minimum=rng.choice((1, 1, 1, rng.randint(1, count))),
        on_straggler=rng.choice(("cancel", "abandon", "harvest")),
        on_question=rng.choice(("block", "park")),
        **claims,
    )
    if rng.random() < 0.2:
        policy = replace(policy, successes=rng.randint(1, count))
    if ids and rng.random() < 0.2:
        policy = replace(policy, must=tuple(rng.sample(ids, rng.randint(1, min(2, len(ids))))))
    if rng.random() < 0.25:
        policy = replace(policy, tolerate=rng.choice((0, 1, 0.3)))
    if rng.random() < 0.2:
        until = rng.choice((Says("count", rng.randint(1, count)), Says("has", name=rng.choice(ids or ["b0"]))))
        policy = replace(policy, until=until if rng.random() < 0.9 else Says("raise"))
    if rng.random() < 0.25:
        policy = replace(policy, min_quality=rng.choice((0.5, 0.8)))
    return policy


def _possible(policies: list[SyncPolicy], work: list[WorkItem], specialists: list[dict[str, Any]]) -> list[SyncPolicy]:
    """No policy asks for more branches than it counts, or for others: a workflow refuses those before it starts."""
    points = Points.of(policies)
    kinds = {one["name"]: one["type"] for one in specialists}
    counted: dict[str, list[str]] = {}
    for item in work:
        for name in points.counting(item, kinds[item["specialist"]]):
            counted.setdefault(name, []).append(item["branch_id"])
    return [
        replace(
            policy,
            minimum=max(1, min(policy.minimum, len(counted.get(policy.name, [])))),
            successes=policy.successes and max(1, min(policy.successes, len(counted.get(policy.name, [])))),
            must=tuple(name for name in policy.must if name in counted.get(policy.name, [])),
        )
        for policy in policies
    ]


def _work(
    rng: Random,
    ids: list[str],
    specialists: list[dict[str, Any]],
    policies: list[SyncPolicy],
    resources: dict[str, float],
) -> list[WorkItem]:
    kinds: dict[str, str] = {}
    work: list[WorkItem] = []
    density = rng.choice((0.0, 0.3, 0.6))
    for number, branch_id in enumerate(ids):
        specialist = rng.choice(specialists)
        kinds[branch_id] = specialist["type"]
        item = WorkItem(branch_id=branch_id, specialist=specialist["name"])
        if rng.random() < density and number:
            item["depends_on"] = rng.sample(ids[:number], min(number, rng.choice((1, 1, 2, 3))))
        if rng.random() < density:
            item["depends_on"] = [*item.get("depends_on", []), *_settled_points(rng, ids, number, policies)]
        _spice(rng, item, resources)
        work.append(item)
    return _without_circles(work, kinds, policies)


def _settled_points(rng: Random, ids: list[str], number: int, policies: list[SyncPolicy]) -> list[str]:
    """A point that claims earlier branches only."""
    before = set(ids[:number])
    fitting = [one.name for one in policies if one.branches and before.issuperset(one.branches)]
    return [rng.choice(fitting)] if fitting else []


def _without_circles(work: list[WorkItem], kinds: dict[str, str], policies: list[SyncPolicy]) -> list[WorkItem]:
    """No branch depends on a point that claims it, or a later one, by its type."""
    numbers = {item["branch_id"]: number for number, item in enumerate(work)}
    last = {
        policy.name: max(
            (numbers[one] for one in numbers if one in policy.branches or kinds[one] in policy.types), default=-1
        )
        for policy in policies
    }
    for item in work:
        if "depends_on" in item:
            mine = numbers[item["branch_id"]]
            item["depends_on"] = [name for name in item["depends_on"] if last.get(name, -1) < mine]
    return work


def _spice(rng: Random, item: WorkItem, resources: dict[str, float]) -> None:
    if rng.random() < 0.3:
        item["priority"] = rng.choice(("high", "low"))
    if rng.random() < 0.12:
        item["when"] = rng.choice(("yes", "no", "no", "some", "broken"))
    if rng.random() < 0.1:
        item["not_before"] = rng.choice((0.1, 1.0, 3.0, "2001-01-01T00:00:00+00:00"))
    if rng.random() < 0.2:
        item["exclusive"] = rng.sample(["door", "window"], rng.choice((1, 1, 2)))
    if resources and rng.random() < 0.5:
        item["resources"] = {"tokens": rng.choice((1.0, min(2.0, resources["tokens"]), resources["tokens"]))}
    if rng.random() < 0.1:
        item["timeout_s"] = rng.choice((0.3, 3.0))
    if rng.random() < 0.1:
        item["attempts"] = rng.choice((1, 4))


def _crowd(rng: Random, work: list[WorkItem]) -> dict[str, float]:
    """All want some of the same at once, much or little. Returns how much of it there is."""
    for item in work:
        item["resources"] = {"tokens": rng.choice((1.0, 1.0, 2.0, 3.0))}
        for key in ("depends_on", "when", "not_before", "exclusive"):
            item.pop(key, None)  # type: ignore[misc]
    return {"tokens": 3.0}


def _acts(rng: Random, mood: float) -> list[Act]:
    """A branch's behaviour, call by call; the higher the mood, the better it goes."""
    return [_act(rng, mood) for _ in range(rng.choice((1, 2, 3)))]


def _act(rng: Random, mood: float) -> Act:
    luck = rng.random()
    kinds: tuple[Kind, ...] = PLAIN
    if luck > 0.5 + mood / 2:
        kinds = FAULTY
    elif luck > 0.35 + mood / 2:
        kinds = UNRULY
    elif luck < 0.04:
        kinds = ("asks",)
    kind = rng.choice(kinds)
    return Act(
        kind=kind,
        seconds=rng.choice((0.004, 0.02)) if kind == "busy" else _time(rng),
        breaths=rng.choice((0, 0, 0, 1, 2)),
        refuses_s=rng.choice((0.0, 0.05, 0.1, 0.5, 3.0)),
        cost=rng.choice((None, None, 1.0, 2.5)),
        score=rng.choice((None, 0.3, 0.6, 0.9, 0.9, -1.0)),
        scoring_s=rng.choice((0.0, 0.0, 0.05, LONGEST_SCORING_S)),
    )
