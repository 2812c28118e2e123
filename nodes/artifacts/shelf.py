"""A run's artifact store as the nodes use it: what is put away on the way into the state, and back on the way out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from langgraph_quorum.nodes.artifacts.exchange import (
    encoded,
    holds_large,
    holds_offloaded,
    offloaded_bytes,
    put_away,
    put_back,
    text_bytes,
)
from langgraph_quorum.nodes.artifacts.texts import Texts
from langgraph_quorum.nodes.planning.complexity import measures_of
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.artifacts import MOST_BYTES, OFFLOADED, ArtifactRef
from langgraph_quorum.state.errors import ConfigurationError, ResultError
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumContext

LEAST_BYTES = 256
"""A reference takes about as many."""

_log = logging.getLogger(__name__)


class Shelf:
    """One store with its limit, and the texts that were lately read from it."""

    __slots__ = ("_limit", "_store", "_texts")

    def __init__(self, store: ArtifactStore, limit: int, texts: Texts) -> None:
        self._store, self._limit, self._texts = store, limit, texts

    def takes(self, value: Any) -> bool:
        """Whether `result_away` has anything to do with the value."""
        return holds_large(value, self._limit, MOST_BYTES)

    def gives(self, value: Any) -> bool:
        """Whether `back` would change the value."""
        return holds_offloaded(value)

    async def away(self, value: Any) -> Any:
        """The value with references in place of large texts.

        A text that cannot be stored stays where it is: no finished work is lost because a disk is full.
        """
        return await put_away(value, self._put, self._limit) if holds_large(value, self._limit) else value

    async def result_away(self, value: Any) -> Any:
        """The same of a branch's result.

        Raises:
            ResultError: what stays in the state is more than Postgres can hold: the run could never go on with it.
        """
        if not self.takes(value):
            return value
        kept = await put_away(value, self._put, self._limit)
        if (size := text_bytes(kept)) > MOST_BYTES:
            mend = "write it to a file, and return its path"
            raise ResultError(
                f"a result with {size} bytes of text is more than Postgres can hold ({MOST_BYTES}): {mend}"
            )
        return kept

    async def back(self, value: Any) -> Any:
        """The value with texts in place of references.

        Raises:
            ArtifactError: the store has one no more, or another.
        """
        return await put_back(value, self._get) if holds_offloaded(value) else value

    async def work_away(self, queue: list[WorkItem], specialists: Mapping[str, Specialist]) -> list[WorkItem]:
        """The work with references in its payloads, and their sizes in its measures; the same list where none is large.

        Where a specialist may split its work, the payload stays whole, for `split` is handed it.
        """
        found = [await self._item_away(item, specialists) for item in queue]
        return found if any(new is not old for new, old in zip(found, queue, strict=True)) else queue

    async def branches_back(self, branches: Mapping[str, Any]) -> dict[str, Any]:
        """Records by branch id, with texts in their results."""
        return {
            branch_id: {**record, "result": await self.back(record["result"])}
            if holds_offloaded(record["result"])
            else record
            for branch_id, record in branches.items()
        }

    async def _item_away(self, item: WorkItem, specialists: Mapping[str, Specialist]) -> WorkItem:
        payload: Any = item.get("payload")
        if specialists[item["specialist"]].split is not None and "part_of" not in item:
            return {**item, "payload": await self.back(payload)} if holds_offloaded(payload) else item
        if not (holds_large(payload, self._limit) or holds_offloaded(payload)):
            return item
        kept = await self.away(payload)
        measures = {"size_bytes": measures_of({"payload": kept})["size_bytes"] + offloaded_bytes(kept)}
        return {**item, "payload": kept, "measures": {**measures, **item.get("measures", {})}}

    async def _put(self, text: str) -> ArtifactRef | str:
        try:
            ref = await self._store.put(encoded(text), media_type=OFFLOADED)
        except Exception:  # noqa: BLE001  it is logged, and the text is not lost
            _log.warning("a text of %d characters cannot be kept as an artifact: it stays in the state", len(text))
            _log.debug("the reason:", exc_info=True)
            return text
        self._texts.hold(ref, text)
        return ref

    async def _get(self, ref: ArtifactRef) -> str:
        return await self._texts.read(ref, self._store)


def shelf_of(context: object) -> Shelf | None:
    """The shelf of a run, by its context; None where it has no store.

    Raises:
        ConfigurationError: `artifact_bytes` is out of its bounds.
    """
    if not isinstance(context, QuorumContext) or context.artifacts is None:
        return None
    limit = context.artifact_bytes
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < LEAST_BYTES:
        raise ConfigurationError("artifact_bytes", limit, f"give a whole number of bytes from {LEAST_BYTES}")
    return Shelf(context.artifacts, limit, _texts_of(context.artifacts))


_texts: WeakKeyDictionary[Any, Texts] = WeakKeyDictionary()


def _texts_of(store: ArtifactStore) -> Texts:
    try:
        return _texts.setdefault(store, Texts())
    except TypeError:  # a store of the user's own may be neither hashable nor weakly referable
        return Texts()
