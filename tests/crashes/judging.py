"""What must hold of every run that is killed, judged from its ledger and from what Postgres held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.crashes.killing import Stage, Story
from tests.crashes.ledger import Line, of_process
from tests.crashes.scenario import Scenario


def survived(stage: Stage, scenario: Scenario) -> Story:
    """The killed run: nothing is wrong with it, and it ended as an undisturbed one does."""
    story = stage.disturbed(scenario)
    assert faults(scenario, story) == []
    assert told(story.outcome) == told(stage.undisturbed(scenario).outcome)
    return story


def faults(scenario: Scenario, story: Story) -> list[str]:
    """Everything that is wrong with a run, in words."""
    return [
        *_not_between(scenario, story),
        *done_again(story),
        *_left_undone(story),
        *out_of_order(scenario, story),
    ]


def out_of_order(scenario: Scenario, story: Story) -> Iterator[str]:
    """What started before its prerequisites had ended, or beside what it must not run beside."""
    yield from _too_early(scenario, story)
    yield from _too_many(scenario, story)


def _not_between(scenario: Scenario, story: Story) -> Iterator[str]:
    """Each kill must have come just after the branches it was to come after, or it shows nothing."""
    before: set[str] = set()
    for kill, killed in zip(scenario.kills, story.killed, strict=True):
        if killed.kept.keys() - before - scenario.timed != kill.awaited - scenario.timed:
            yield f"{sorted(killed.kept.keys() - before)} ended before the kill after {sorted(kill.awaited)}"
        before |= killed.kept.keys()


def done_again(story: Story) -> Iterator[str]:
    """What was in Postgres when a process was killed, and was started again nevertheless."""
    for killed in story.killed:
        for line in story.lines[killed.lines :]:
            if line.kind == "start" and line.key in killed.kept:
                yield f"{line.key} was kept when {killed.pid} was killed, and started again"


def _left_undone(story: Story) -> Iterator[str]:
    for killed in story.killed:
        begun = {line.key for line in of_process(story.lines, killed.pid) if line.kind == "start"}
        again = {line.key for line in story.lines[killed.lines :] if line.kind == "start"}
        for key in sorted(begun - killed.kept.keys() - again):
            yield f"{key} was cut short when {killed.pid} was killed, and never started again"


def _too_early(scenario: Scenario, story: Story) -> Iterator[str]:
    """Ends count within their process at once, and for later processes only when they were kept."""
    kept: set[str] = set()
    for lines in _processes(story):
        ended = set(kept)
        for line in lines:
            if line.kind == "end":
                ended.add(line.branch_id)
            elif line.kind == "start":
                for missing in set(scenario.needs.get(line.branch_id, ())) - ended:
                    yield f"{line.key} started before {missing} had ended"
        for killed in story.killed:
            if lines and killed.pid == lines[0].pid:
                kept |= {record["branch_id"] for record in killed.kept.values() if record["status"] == "succeeded"}


def _too_many(scenario: Scenario, story: Story) -> Iterator[str]:
    for lines in _processes(story):
        running: Counter[str] = Counter()
        for line in lines:
            running[line.branch_id] += {"start": 1, "told": 0}.get(line.kind, -1)
            now = {branch_id for branch_id, calls in running.items() if calls > 0}
            if scenario.at_once is not None and len(now) > scenario.at_once:
                yield f"{sorted(now)} ran at once, {scenario.at_once} may"
            for group in scenario.apart:
                if len(now & group) > 1:
                    yield f"{sorted(now & group)} ran at once, only one of them may"


def _processes(story: Story) -> list[list[Line]]:
    return [of_process(story.lines, pid) for pid in dict.fromkeys(line.pid for line in story.lines)]


def told(outcome: dict[str, Any]) -> dict[str, Any]:
    """What must be the same however often a run was killed: everything but times, and what follows from times."""
    return {
        **{name: outcome[name] for name in ("status", "verdict", "result", "partial", "failed", "pending", "findings")},
        "branches": {
            name: {field: record[field] for field in ("status", "specialist", "result", "attempts", "round", "release")}
            for name, record in outcome["branches"].items()
        },
        "sync": [
            {
                **{name: decision[name] for name in ("point", "round", "status", "reason")},
                "completed": sorted(decision["completed"]),
                "remaining": sorted(decision["remaining"]),
            }
            for decision in outcome["sync"]
        ],
        "timeline": Counter((line["node"], line["event"]) for line in outcome["timeline"]),
    }
