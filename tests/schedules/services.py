"""How services are asked: calls within their rate, and not again before their rest is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from langgraph_quorum.state.records import BranchRecord
from tests.schedules.driver import Played
from tests.schedules.journal import Event
from tests.schedules.releases import NEAR

ROUNDING_S = 5e-6
"""Moments on the wall are told in whole microseconds."""


class Rest(NamedTuple):
    """What a service has said to one branch in one sitting."""

    sitting: int
    service: str
    told_at: float
    until: float


class _Reader:
    """Reads one run.

    Who works on goes by what its own calls were told. Who begins anew goes by what the last record knew that knew of
    any rest; what had no record, since the process died or the run was stopped, is forgotten. So is what was told to
    one that asks a human, who takes time.
    """

    def __init__(self, played: Played) -> None:
        self._rates = played.scenario.rates
        acts = [act for acts in (*played.scenario.acts.values(), *played.scenario.spare) for act in acts]
        self._slack_s = sum(act.seconds for act in acts if act.kind == "busy")
        self._last: dict[str, float] = {}
        self._told: dict[str, list[Rest]] = {}
        self._known: dict[str, list[Rest]] = {}
        self._worked: dict[str, int] = {}
        self._settled: dict[tuple[int, str], list[Rest]] = {}

    def read(self, event: Event) -> Iterator[str]:
        match event.kind:
            case "crash":
                self._last.clear()
            case "start" if not event.data.joins:
                yield from self._apart(event)
                yield from self._rested(event)
                self._worked[event.name] = event.sitting
            case "end" if event.data.rests_until:
                rest = Rest(event.sitting, event.data.specialist, event.at, event.data.rests_until)
                self._told.setdefault(event.name, []).append(rest)
            case "settle" if event.data["status"] not in {"succeeded", "awaiting_human"}:
                self._settled[event.sitting, event.name] = self._heard(event.data)
            case "settle" if event.data["status"] == "awaiting_human":
                self._known.pop(event.name, None)
            case "commit":
                for name in event.data:
                    if rests := self._settled.get((event.sitting, name)):
                        self._known[name] = [rest._replace(sitting=event.sitting) for rest in rests]

    def _heard(self, record: BranchRecord) -> list[Rest]:
        """What the work behind a record was told."""
        name = record["branch_id"]
        worked = self._worked.get(name) if record["attempts"] else None
        return [rest for rest in self._told.get(name, ()) if rest.sitting == worked]

    def _apart(self, event: Event) -> Iterator[str]:
        service = event.data.specialist
        if service not in self._rates:
            return
        apart_s = 1 / self._rates[service] - NEAR - self._slack_s
        if event.at - self._last.get(service, -1e9) < apart_s:
            yield f"{service} is called {event.at - self._last[service]:.6g} s after the call before"
        self._last[service] = event.at

    def _rested(self, event: Event) -> Iterator[str]:
        name, service = event.name, event.data.specialist
        rests = [rest for rest in self._told.get(name, ()) if rest.sitting == event.sitting]
        whole, _, piece = name.rpartition("/piece-")
        for one in [name, whole] if piece.isdigit() else [name]:
            rests += [rest for rest in self._known.get(one, ()) if rest.sitting < event.sitting]
        # A second call may have been decided upon at the very moment at which the first has failed.
        heard = [rest.until for rest in rests if rest.service == service and rest.told_at < event.at - NEAR]
        until = max(heard, default=0.0)
        if event.at < until - ROUNDING_S:
            yield f"{name} asks {service}, which wanted to be left alone until {until:.6g}"


def findings(played: Played) -> list[str]:
    """What is wrong with how services were asked."""
    reader = _Reader(played)
    return [f"at {event.at:.6g}: {said}" for event in played.journal.events for said in reader.read(event)]
