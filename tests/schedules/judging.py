"""Reads the journal of a run from its beginning to its end, and says what must not have happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langgraph_quorum.state.records import BranchRecord
from tests.schedules import growth, mending, outcomes, services, turns
from tests.schedules.driver import Played
from tests.schedules.journal import Call, Event
from tests.schedules.ledger import SittingBook, Work


class Judge:
    """Judges one run."""

    def __init__(self, played: Played) -> None:
        self._scenario, self._journal = played.scenario, played.journal
        self._books: dict[int, SittingBook] = {}
        self._harvest: dict[str, list[Work]] = {}
        self._left: list[tuple[SittingBook, str, Work]] = []
        self._stragglers = 0
        self._ripe: dict[str, Call] = {}
        self._kept: dict[str, BranchRecord] = {}
        acts = [act for acts in (*played.scenario.acts.values(), *played.scenario.spare) for act in acts]
        busy = sum(act.seconds for act in acts if act.kind == "busy")
        self._slack_s = busy and 0.3
        self.book: SittingBook | None = None

    def findings(self) -> list[str]:
        """Everything that is wrong, in the order in which it happened."""
        found = list(self._journal.faults)
        for event in self._journal.events:
            read = getattr(self, f"_{event.kind}")
            found += [f"at {event.at:.6g}: {sentence}" for sentence in read(event) or ()]
        return found

    # -- a sitting ----------------------------------------------------------------------------------------------------

    def _sitting(self, event: Event) -> Iterator[str]:
        if self.book is not None:
            self._left += [(self.book, name, work) for name, work in self.book.works.items() if work.live]
        self.book = self._books[event.sitting] = SittingBook(self._scenario, event.sitting, event.data)
        self.book.slack_s = self._slack_s
        self.book.follows = bool(self._stragglers or self._left or self._scenario.rates)
        if event.data.round:
            self.book.under_way = set(self._harvest)
        yield from ()

    def _gate(self, event: Event) -> Iterator[str]:
        book = self._books[event.sitting]
        if book.opened_at is not None:
            yield "a second gate for the same superstep"
        book.open(event.at)
        if set(event.data) != book.facts.kept.keys():
            yield f"the gate remembers {sorted(event.data)}, kept were {sorted(book.facts.kept)}"

    def _come(self, event: Event) -> None:
        self._books[event.sitting].come.add(event.name)

    def _drain(self, event: Event) -> None:
        book = self._books[event.sitting]
        book.drain_at = event.at if book.drain_at is None else book.drain_at

    def _cancel(self, event: Event) -> None:
        book = self._books[event.sitting]
        book.cancel_at = event.at
        for branch_id in book.places.keys() - book.committed:  # whoever had taken work over has stopped it
            self._ripe.pop(branch_id, None)
            for work in self._harvest.get(branch_id, ()):
                work.promised = False

    def _crash(self, event: Event) -> None:
        self._harvest.clear()
        self._left.clear()
        self._stragglers = 0
        self._ripe.clear()
        self.book = None

    def _limit(self, event: Event) -> Iterator[str]:
        book = self._books[event.sitting]
        start, top = book.wave["at_once"], book.wave["ceiling"]
        low, high = (1, max(start, top)) if book.wave["mode"] == "adaptive" else (start, start)
        if not low <= event.data <= high:
            yield f"the limit is {event.data}, it may be {low} to {high}"
        book.limit, book.peak = event.data, max(book.peak, event.data)

    def _quiet(self, event: Event) -> Iterator[str]:
        book = self._books[event.sitting]
        yield from turns.idle(book, event.at, self._slack_s)
        if not self._scenario.rates:  # else a turn may have been given long before a start
            book.peak = book.limit

    def _held_before(self) -> dict[str, dict[str, float]]:
        """By branch, what work of earlier fan-outs holds while it runs on."""
        self._left = [(book, name, work) for book, name, work in self._left if work.live]
        return {
            name: dict(book.places[name].claims)
            for book, name, _ in self._left
            if book.places[name].settled is not None
        }

    def _over(self, event: Event) -> Iterator[str]:
        yield from outcomes.over(self._books[event.sitting], event.name, event.at, self._slack_s)

    # -- a branch -----------------------------------------------------------------------------------------------------

    def _work(self, event: Event) -> Work:
        return self._books[event.sitting].works.setdefault(event.name, Work(event.sitting))

    def _start(self, event: Event) -> Iterator[str]:
        book, call = self._books[event.sitting], event.data
        first = event.name not in book.works
        if first and book is self.book:
            yield from turns.started(book, event.name, call, event.at)
        elif book is self.book:
            yield from turns.called_again(book, event.name, event.at)
        work = self._work(event)
        work.starts.append(call)
        work.live.add(call.number)
        if first and book is self.book:
            yield from turns.crowded(book, event.name, self._held_before())
        if book is self.book:
            yield from turns.overloaded(book, event.name, call.number)

    def _answer(self, event: Event) -> None:
        work, call = self._work(event), event.data
        work.answers[call.number] = call
        work.live.discard(call.number)
        in_vain = call.stopped and self._is_hedged(call.specialist)
        if not in_vain:
            work.answered_at = min(work.answered_at, event.at)
        if not in_vain and not work.asked and work.promised and work in self._harvest.get(event.name, [])[-1:]:
            self._ripe[event.name] = call

    def _refuse(self, _: Event) -> None:
        """It goes on, and counts until it ends."""

    def _is_hedged(self, name: str) -> bool:
        return any(one["name"] == name and one["hedge_s"] is not None for one in self._scenario.specialists)

    def _end(self, event: Event) -> None:
        self._work(event).live.discard(event.data.number)

    def _ask(self, event: Event) -> None:
        self._work(event).asked = True
        self._ripe.pop(event.name, None)  # of two hedged calls the one that asks may come first

    def _settle(self, event: Event) -> Iterator[str]:
        book, record = self._books[event.sitting], event.data
        own = book.works.get(event.name)
        under_way = book.facts.round and record["attempts"]
        adopted = self._harvest.get(event.name, [])[-1:] if under_way and own is None else []
        work = own or next(iter(adopted), None)
        yield from outcomes.settled(book, record, work, event.at)
        place = book.places[event.name]
        book.settle(record, event.at)
        fates = {point.policy.on_straggler for point in book.last_points(place)}  # either counts, where they tie
        self._stragglers += bool(outcomes.missed(book, record)) and work is not None
        late = outcomes.missed(book, record) >= set(place.call["points"]) and record["release"] != "drained"
        if late and "harvest" in fates and work is not None and work.starts:
            self._harvest.setdefault(event.name, []).append(work)
            work.promised = fates == {"harvest"}
        elif adopted:
            self._harvest.pop(event.name)

    def _release(self, event: Event) -> Iterator[str]:
        book = self._books[event.sitting]
        objection = book.points[event.name].objection(event.data, event.at, book.drain_at)
        if objection is not None:
            yield objection
        book.release(event.name, event.data, event.at)

    # -- what is kept -------------------------------------------------------------------------------------------------

    def _commit(self, event: Event) -> Iterator[str]:
        book = self._books[event.sitting]
        for branch_id in event.data:
            record = book.places[branch_id].settled
            if branch_id in book.committed:
                yield f"{branch_id} has two records in one fan-out"
            if record is None:
                yield f"{branch_id} has a record without an end"
            else:
                self._keep(record)
            book.committed.add(branch_id)

    def _keep(self, record: BranchRecord) -> None:
        old = self._kept.get(record["branch_id"])
        if old is None or old["status"] != "succeeded":
            self._kept[record["branch_id"]] = record

    def _late(self, event: Event) -> Iterator[str]:
        for branch_id, record in event.data.items():
            self._ripe.pop(branch_id, None)
            works = self._harvest.pop(branch_id, [])
            given = [call.result for work in works for call in work.answers.values()]
            wrong = record["status"] == "succeeded" and record["result"] not in given
            if not works or not record["late"] or wrong:
                yield f"{branch_id} was harvested as {record['status']} with {record['result']}, it gave {given}"
            self._keep(record)

    def _node(self, event: Event) -> None:
        for branch_id in event.data.given_up:
            self._ripe.pop(branch_id, None)
            self._harvest.pop(branch_id, None)

    def _done(self, event: Event) -> Iterator[str]:
        final: dict[str, BranchRecord] = event.data
        yield from outcomes.done(self._scenario, final, self._kept)
        for branch_id in self._ripe:
            if final[branch_id]["status"] != "succeeded":
                yield f"the late success of {branch_id} was not harvested"


def findings(played: Played) -> list[Any]:
    """What must not have happened in a run; empty when all went as it should."""
    return [*Judge(played).findings(), *services.findings(played), *mending.findings(played), *growth.findings(played)]
