"""Rotation: what is stored is sealed anew with the current key, in pages, while runs go on.

Start every process with the new key as the current one first. Then nothing is written with an old key any more, and
once all is sealed anew the old keys can be dropped. Broken off, it begins again where rows are left to be done.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from psycopg.rows import DictRow

from langgraph_quorum.orchestration.persistence.encryption import Encryption, described, header
from langgraph_quorum.orchestration.persistence.inline_values import move_inline_values
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.resealable import SUBJECTS, Subject
from langgraph_quorum.state.errors import ConfigurationError, SealError

logger = logging.getLogger(__name__)

_DOING = "sealing what is stored anew"
_PAGE_BYTES = 8 * 2**20
_PAGE_S = 60.0
_PASSES = 3
_PAUSE_S = 0.2
_TOLD = 10
_EXAMPLES = 3


@dataclass(frozen=True)
class ResealReport:
    """What was done, counted in values.

    They are counted by `checkpoint_blobs`, `checkpoint_writes`, `checkpoints` (metadata), `options` and `tasks` of
    runs, `artifacts`, and `inline` (values moved out of checkpoints into blobs; `left` counts checkpoints there).

    Attributes:
        resealed: Now sealed with the current key, and were not before.
        left: Were in use each time: do it again.
        refused: Could not be opened, or are plain and that is not allowed. They were left as they are.
        reasons: Of those that were refused, one text for each table and reason, ten at most: how many there are of
            them, why, and the places of a few.
    """

    resealed: dict[str, int]
    left: dict[str, int]
    refused: dict[str, int]
    reasons: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """All is sealed with the current key: the other keys are not needed any more."""
        return not self.left and not self.refused


async def reseal(pool: Pool, sealer: Encryption, *, plain_allowed: bool = False, rows: int = 200) -> ResealReport:
    """Seal with the current key what is stored under another one; with `plain_allowed`, what is not sealed yet, too.

    Row-level security holds here as well: a tenant's session does that tenant's rows.

    Args:
        pool: A pool of the migrated database. Its role needs UPDATE on all tables, which a run does not: take the
            owner of the tables.
        sealer: With the keys of all that is stored.
        plain_allowed: Encrypt a database that was not encrypted before. Nothing tells then whether a value was
            written by somebody else: allow it once. No process may run without the keys meanwhile, for it would go on
            writing plain values, and none with the keys, for it refuses those still plain. Artifacts are left as they
            are, since their addresses change: put them again.
        rows: Rows read at once; at least 1. No more than about 8 MiB are held, unless one value is larger.

    Raises:
        ConfigurationError: `rows` makes no sense.
        DatabaseError: The database cannot be used; what was done before is kept.
    """
    if rows < 1:
        raise ConfigurationError("rows", rows, "give at least 1")
    work = _Work(pool, sealer, rows, plain_allowed=plain_allowed)
    if plain_allowed:
        moved, left, reasons = await move_inline_values(pool, sealer, rows)
        work.note("inline", moved, left, _Refusals.of(reasons))
    for subject in SUBJECTS:
        await work.do(subject)
    return work.report()


@dataclass(frozen=True)
class _Refusals:
    """Values of one subject that were refused: by the reason, how many they are and where the first ones are."""

    counts: Counter[str] = field(default_factory=Counter)
    places: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, reasons: Iterable[str]) -> _Refusals:
        """Those of moving values, which read `place has reason`."""
        refusals = cls()
        for reason in reasons:
            place, has, why = reason.partition(" has ")
            refusals.add(place, has.strip() + " " + why)
        return refusals

    def add(self, place: str, why: str) -> None:
        """One more."""
        self.counts[why] += 1
        if len(self.places[why]) < _EXAMPLES:
            self.places[why].append(place)

    def told(self, name: str) -> Iterator[str]:
        """A text for each reason, the most frequent first."""
        for why, count in self.counts.most_common():
            places = self.places[why]
            yield f"{places[0]} {why}" if count == 1 else f"{count} {name}: each {why}; such as {', '.join(places)}"


class _Work:
    def __init__(self, pool: Pool, sealer: Encryption, rows: int, *, plain_allowed: bool) -> None:
        self._pool, self._sealer, self._plain_allowed = pool, sealer, plain_allowed
        head = header(sealer.current)
        self._wanted = {"header": head, "header64": base64.b64encode(head).decode(), "size": _PAGE_BYTES, "rows": rows}
        self._resealed, self._left, self._refused = Counter[str](), Counter[str](), Counter[str]()
        self._refusals: dict[str, _Refusals] = {}

    def note(self, name: str, done: int, left: int, refusals: _Refusals) -> None:
        """Take in what came of one subject."""
        self._resealed[name], self._left[name], self._refused[name] = done, left, refusals.counts.total()
        self._refusals[name] = refusals

    def report(self) -> ResealReport:
        """All that was noted."""
        resealed, left, refused = (dict(+counter) for counter in (self._resealed, self._left, self._refused))
        told = chain.from_iterable(refusals.told(name) for name, refusals in self._refusals.items())
        return ResealReport(resealed, left, refused, tuple(islice(told, _TOLD)))

    async def do(self, subject: Subject) -> None:
        """Pass over a table until nothing in it was in use, or a few times."""
        done = 0
        for _ in range(_PASSES):
            left, refusals = 0, _Refusals()
            async for page in self._pages(subject):
                new = await asyncio.to_thread(self._sealed, subject, page, refusals)
                changed = await self._swap(subject, new) if new else 0
                done, left = done + changed, left + len(new) - changed
            self.note(subject.name, done, left, refusals)
            if not left:
                return
            await asyncio.sleep(_PAUSE_S)

    async def _pages(self, subject: Subject) -> AsyncIterator[list[DictRow]]:
        """Pages of the rows to be sealed anew."""
        after: dict[str, Any] = dict(subject.first)
        statement = self._pool.statements("resealing")[f"{subject.name}_page"]
        while True:
            async with (
                borrowed(self._pool, _DOING, timeout_s=_PAGE_S) as connection,
                connection.cursor(binary=True) as cursor,
            ):
                await cursor.execute(statement, {**after, **self._wanted})
                found = await cursor.fetchall()
            if not found:
                return
            after = {name: found[-1][name] for name in subject.first}
            if stale := [row for row in found if row["stale"]]:
                yield stale

    def _sealed(self, subject: Subject, page: list[DictRow], refusals: _Refusals) -> list[DictRow]:
        """The rows with their new values; why there are none for the others goes to `refusals`."""
        new = []
        for row in page:
            try:
                kind, data = subject.resealed(self._sealer, row, plain_allowed=self._plain_allowed)
            except SealError as error:
                logger.debug("not sealed anew: %s", error)
                place = described(subject.place(row))
                refusals.add(place, str(error).removeprefix(f"{place} "))
            else:
                new.append({**row, "new_kind": kind, "new_data": data})
        return new

    async def _swap(self, subject: Subject, rows: list[DictRow]) -> int:
        """How many rows were still what had been read, and are sealed anew now."""
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        async with borrowed(self._pool, _DOING, timeout_s=_PAGE_S) as connection:
            return (
                await connection.execute(self._pool.statements("resealing")[f"{subject.name}_swap"], columns)
            ).rowcount
