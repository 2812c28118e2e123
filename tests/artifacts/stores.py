"""What the tests of artifact stores share: a sealer to look through, and a store that counts."""

from __future__ import annotations

import asyncio
import os
from collections import Counter

from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.state.artifacts import ArtifactRef
from langgraph_quorum.state.errors import SealError

TEXT = "text/plain; charset=utf-8"
KEY = b"0123456789abcdef"
MISSING = ArtifactRef(artifact=f"sha256:{'0' * 64}", size_bytes=3, media_type=TEXT)


def document(size_bytes: int) -> str:
    """A text that no compression makes much smaller than half."""
    return os.urandom(size_bytes // 2 + 1).hex()[:size_bytes]


class ReversingSealer:
    """Turns the bytes round, and writes their place before them."""

    def seal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        return f"{kind}+reversed", repr(place).encode() + b"|" + data[::-1]

    def unseal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        where, _, content = data.partition(b"|")
        if not kind.endswith("+reversed") or where != repr(place).encode():
            raise SealError("not sealed for this place")
        return kind.removesuffix("+reversed"), content[::-1]


class CountingArtifacts(MemoryArtifacts):
    """Counts what reaches it. A read takes a moment, so that others may come meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.gets: Counter[str] = Counter()
        self.puts: Counter[str] = Counter()

    async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
        ref = await super().put(data, media_type=media_type)
        self.puts[ref["artifact"]] += 1
        return ref

    async def get(self, ref: ArtifactRef) -> bytes:
        self.gets[ref["artifact"]] += 1
        await asyncio.sleep(0)
        return await super().get(ref)
