"""Hashing for stores: in the event loop while it is quick, in a thread when it is not."""

from __future__ import annotations

import asyncio

from langgraph_quorum.state.artifacts import ArtifactRef, check_content, check_reference, reference_to

_QUICK_BYTES = 256_000
"""Hashing so many takes less than a millisecond."""


async def referred(data: bytes, media_type: str, key: bytes | None = None) -> ArtifactRef:
    """As `reference_to`, without blocking the event loop."""
    if not isinstance(data, bytes) or len(data) <= _QUICK_BYTES:
        return reference_to(data, media_type, key)
    return await asyncio.to_thread(reference_to, data, media_type, key)


async def verified(ref: ArtifactRef, data: bytes, key: bytes | None = None) -> bytes:
    """As `check_content`, without blocking the event loop."""
    check_reference(ref)
    if len(data) <= _QUICK_BYTES:
        return check_content(ref, data, key)
    return await asyncio.to_thread(check_content, ref, data, key)
