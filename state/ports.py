"""What the nodes need from outside, as Protocols. The in-process defaults live with the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from langgraph_quorum.state.artifacts import ArtifactRef


@dataclass(frozen=True, slots=True)
class Capacity:
    """What this machine can give right now.

    Attributes:
        cpus: Cores this process may use.
        free_cpu: Share of them that is idle, 0..1.
        free_memory_bytes: Memory that can be taken without swapping.
        free_workers: Cores that are idle, whole ones, at least 1.
        io_wait: Share of CPU time spent waiting for I/O, 0..1; 0 where the system does not say.
        cost_budget: What may still be spent, in the application's currency; None when unlimited.
    """

    cpus: int
    free_cpu: float
    free_memory_bytes: int
    free_workers: int
    io_wait: float = 0.0
    cost_budget: float | None = None


@runtime_checkable
class CapacityProbe(Protocol):
    """Reads the machine's capacity. Must not block the event loop."""

    async def measure(self) -> Capacity:
        """The capacity at this moment."""
        ...


@runtime_checkable
class RemembersWrites(Protocol):
    """A checkpointer that remembers for a while what it has read, so that a gate need not read it again."""

    def take_writes(self, thread_id: str, checkpoint_ns: str, checkpoint_id: str) -> list[tuple[str, str, Any]] | None:
        """What a checkpoint's tasks had written when it was last read here, as task, channel and value.

        It is given once. None when it was not read lately.
        """
        ...


@runtime_checkable
class ArtifactStore(Protocol):
    """Keeps bytes by their content's hash: the same bytes are kept once, however often they are put.

    Must not block the event loop, and must bound its waits.
    """

    async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
        """Keep the bytes; when this returns they are kept for good.

        Raises:
            ArtifactError: they cannot be kept: too many, not bytes, no room.
        """
        ...

    async def get(self, ref: ArtifactRef) -> bytes:
        """The bytes, after their size and hash were checked.

        Raises:
            ArtifactError: they are not there, or are not what the reference says.
        """
        ...
