"""What an adapter writes in place of the content: the content itself, or what an application's sealer makes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from langgraph_quorum.orchestration.persistence.sealing import Place, Sealer
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError

PLAIN = "bytes"
"""Kind of what is not sealed."""

_LEAST_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """How content is kept from whoever can read the storage.

    Attributes:
        sealer: Encrypts the content; None stores it as it is.
        hash_key: Addresses are then keyed hashes. It must not change while artifacts are kept under it.

    Raises:
        ConfigurationError: there is a sealer and no key, for a plain hash would tell whether a known text is kept; or
            the key is shorter than 16 bytes.
    """

    sealer: Sealer | None = None
    hash_key: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.hash_key is None and self.sealer is not None:
            mend = f"give at least {_LEAST_KEY_BYTES} secret bytes: a plain hash tells which texts are kept"
            raise ConfigurationError("hash_key", None, mend)
        if self.hash_key is not None and (
            not isinstance(self.hash_key, bytes) or len(self.hash_key) < _LEAST_KEY_BYTES
        ):
            raise ConfigurationError("hash_key", "(not shown)", f"give at least {_LEAST_KEY_BYTES} bytes")

    async def closed(self, address: str, data: bytes) -> tuple[str, bytes]:
        """The kind and the bytes to store."""
        if self.sealer is None:
            return PLAIN, data
        return await asyncio.to_thread(self.sealer.seal, _place(address), PLAIN, data)

    async def opened(self, address: str, kind: str, data: bytes) -> bytes:
        """The content of what was stored.

        Raises:
            ArtifactError: it is encrypted, and there is no sealer.
            SealError: it is not encrypted, was moved here from another address, or its key is not known.
        """
        if self.sealer is not None:
            return (await asyncio.to_thread(self.sealer.unseal, _place(address), kind, data))[1]
        if kind != PLAIN:
            raise ArtifactError(f"artifact {address}: it is encrypted: open the store with the sealer it was put with")
        return data


def _place(address: str) -> Place:
    return Place("artifacts", "", (address, "data"))
