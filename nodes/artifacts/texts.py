"""Texts that were read lately: a document that a hundred branches work on is read once, and held once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from langgraph_quorum.nodes.artifacts.exchange import decoded
from langgraph_quorum.state.artifacts import ArtifactRef
from langgraph_quorum.state.ports import ArtifactStore

CAPACITY_BYTES = 64 * 1024 * 1024


class Texts:
    """The texts of one store, the last used ones up to a bound. Who asks for one that is being read waits for it.

    Attributes:
        bytes_held: Sizes of the texts that are held, together.
    """

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity_bytes
        self._held: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[str]] = {}
        self.bytes_held = 0

    async def read(self, ref: ArtifactRef, store: ArtifactStore) -> str:
        """The text of a reference, from memory or from the store.

        Raises:
            ArtifactError: the store has it no more, or another.
        """
        address = ref["artifact"]
        held = self._held.get(address)
        if held is not None and held[1] == ref["size_bytes"]:
            self._held.move_to_end(address)
            return held[0]
        reading = self._reading.get(address)
        if reading is None or reading.get_loop() is not asyncio.get_running_loop():
            reading = asyncio.create_task(self._fetch(ref, store), name=f"quorum:artifact:{address[:20]}")
            self._reading[address] = reading
            reading.add_done_callback(self._note_end)
        # A branch that is cut must not take the text away from the others.
        return await asyncio.shield(reading)

    def hold(self, ref: ArtifactRef, text: str) -> None:
        """Hold a text; the ones that were not used for the longest time make room for it."""
        address, size = ref["artifact"], ref["size_bytes"]
        if size > self._capacity:
            return
        self.bytes_held += size - self._held.pop(address, ("", 0))[1]
        self._held[address] = text, size
        while self.bytes_held > self._capacity:
            self.bytes_held -= self._held.popitem(last=False)[1][1]

    async def _fetch(self, ref: ArtifactRef, store: ArtifactStore) -> str:
        try:
            text = decoded(ref, await store.get(ref))
            self.hold(ref, text)
            return text
        finally:
            if self._reading.get(ref["artifact"]) is asyncio.current_task():
                del self._reading[ref["artifact"]]

    @staticmethod
    def _note_end(reading: asyncio.Task[str]) -> None:
        if not reading.cancelled():
            reading.exception()  # whoever still waits gets it; nobody may, and then it is nobody's
