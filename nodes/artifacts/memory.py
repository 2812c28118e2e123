"""Artifacts in memory: for tests, and for runs whose state is not kept either."""

from __future__ import annotations

from langgraph_quorum.nodes.artifacts.hashing import referred, verified
from langgraph_quorum.state.artifacts import ArtifactRef, check_reference
from langgraph_quorum.state.errors import ArtifactError


class MemoryArtifacts:
    """Keeps artifacts as long as it lives itself. A run that is resumed by another process does not find them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
        """Keep the bytes."""
        ref = await referred(data, media_type)
        self._kept.setdefault(ref["artifact"], data)
        return ref

    async def get(self, ref: ArtifactRef) -> bytes:
        """The bytes.

        Raises:
            ArtifactError: they are not there, or are not what the reference says.
        """
        address = check_reference(ref)["artifact"]
        data = self._kept.get(address)
        if data is None:
            raise ArtifactError(f"artifact {address}: not in this process's memory: give a store that outlives it")
        return await verified(ref, data)

    def __len__(self) -> int:
        return len(self._kept)
