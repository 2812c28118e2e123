"""A sealer that hides nothing worth hiding, but binds each value to its place and remembers what it was asked."""

import hashlib

from langgraph_quorum.orchestration.persistence.sealing import Place
from langgraph_quorum.state.errors import SealError

KIND = "toy"


class ToySealer:
    """Seals as: a digest of the place, the kind, and the bytes turned over."""

    def __init__(self) -> None:
        self.sealed: list[Place] = []

    def seal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        self.sealed.append(place)
        return KIND, _mark(place) + bytes([len(kind)]) + kind.encode() + _turned(data)

    def unseal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        if kind != KIND:
            raise SealError(f"{place} is not sealed")
        if data[:16] != _mark(place):
            raise SealError(f"sealed for another place than {place}")
        end = 17 + data[16]
        return data[17:end].decode(), _turned(data[end:])


def _mark(place: Place) -> bytes:
    return hashlib.blake2b(repr(place).encode(), digest_size=16).digest()


def _turned(data: bytes) -> bytes:
    return bytes(255 - byte for byte in data)
