"""Encryption at rest: AES-256-GCM, each value bound to the one place that it is stored in.

An envelope is, byte by byte::

    version (1) | length of the key's name (1) | name, zero-padded | nonce (12) | ciphertext and tag (16)

The header, up to the nonce, is a multiple of three bytes long, so that the base64 of a header begins the base64 of its
envelopes: SQL tells without decoding which key a value has. The header and the place are authenticated with the value;
the serializer's kind is inside the ciphertext, and the kind stored beside it is always `sealed`.
"""

from __future__ import annotations

import secrets

from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.sealing import Place, Sealer
from langgraph_quorum.state.errors import MissingExtraError, SealError

SEALED = "sealed"
"""The kind that is stored with every sealed value."""

_VERSION = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LENGTH_BYTES = 8
_NAME_AT = 2


class Encryption:
    """Seals values with the current of some keys, and opens those of any of them.

    Nonces are random: with one key, seal at most 2^32 values, then make another one current.

    What is stored reveals the size of a value, its place and the name of its key. What is not noticed: that a value was
    put back to an older one of the very same place, that rows were taken away, and that what links the rows (ids and
    versions of checkpoints) was changed.
    """

    def __init__(self, keys: Keys) -> None:
        """Prepare the ciphers.

        Raises:
            MissingExtraError: the extra `encryption` is not installed.
        """
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtraError("encryption", "encryption at rest") from error
        self._names = keys.names
        self._ciphers = {name: AESGCM(key) for name, key in keys.by_name.items()}
        self._header = header(keys.current)

    def __repr__(self) -> str:
        return f"Encryption(current={self.current!r}, names={self._names!r})"

    @property
    def current(self) -> str:
        """Name of the key that new values are sealed with."""
        return self._names[0]

    def seal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        """Encrypt a value for its place; the kind returned is always `sealed`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = _joined(kind.encode()) + data
        ciphertext = self._ciphers[self.current].encrypt(nonce, plain, _bound(self._header, place))
        return SEALED, self._header + nonce + ciphertext

    def unseal(self, place: Place, kind: str, data: bytes) -> tuple[str, bytes]:
        """The kind and the value that were sealed.

        Raises:
            SealError: the value is plain, was changed, was sealed for another place, or its key is not known.
        """
        if kind != SEALED:
            raise SealError(
                f"{described(place)} is not encrypted: either somebody wrote it past the encryption, or it is older"
                " than that: encrypt an old database with reseal(..., plain_allowed=True)"
            )
        name = key_name(data)
        if name is None:
            raise SealError(f"{described(place)} holds no envelope of this release: restore the row from a backup")
        if name not in self._ciphers:
            raise SealError(
                f"{described(place)} is encrypted with the key {name!r}, which was not given: add it to the keys"
                f" ({', '.join(self._names)})"
            )
        start = len(header(name))
        nonce, ciphertext = data[start : start + _NONCE_BYTES], data[start + _NONCE_BYTES :]
        plain = self._opened(place, name, nonce, ciphertext)
        size = int.from_bytes(plain[:_LENGTH_BYTES])
        return plain[_LENGTH_BYTES : _LENGTH_BYTES + size].decode(), plain[_LENGTH_BYTES + size :]

    def _opened(self, place: Place, name: str, nonce: bytes, ciphertext: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            return self._ciphers[name].decrypt(nonce, ciphertext, _bound(header(name), place))
        except InvalidTag:
            raise SealError(
                f"{described(place)} cannot be opened: it was changed, moved there from another place, or the key"
                f" {name!r} is not the one it was sealed with: restore the row from a backup, or give the right key"
            ) from None


def environment_sealer() -> Sealer | None:
    """The encryption with the keys of QUORUM_ENCRYPTION_KEYS; None when it is not set.

    Raises:
        ConfigurationError: it is set and cannot be understood.
        MissingExtraError: it is set and the extra `encryption` is not installed.
    """
    keys = Keys.from_environment()
    return None if keys is None else Encryption(keys)


def header(name: str) -> bytes:
    """How every envelope of the key with this name begins; its length is a multiple of three."""
    start = bytes([_VERSION, len(name)]) + name.encode()
    return start + bytes(-len(start) % 3)


def key_name(envelope: bytes) -> str | None:
    """The name of the key an envelope says it was sealed with; None for what is no envelope."""
    if len(envelope) < _NAME_AT or envelope[0] != _VERSION:
        return None
    try:
        name = envelope[_NAME_AT : _NAME_AT + envelope[1]].decode("ascii")
    except UnicodeDecodeError:
        return None
    if not name.isprintable() or len(envelope) < len(header(name)) + _NONCE_BYTES + _TAG_BYTES:
        return None
    return name if envelope.startswith(header(name)) else None


def described(place: Place) -> str:
    """A place in words; nothing of the value."""
    thread = f" of thread {place.thread_id!r}" if place.thread_id else ""
    return f"{'/'.join(part for part in place.key if part)}{thread} in {place.table}"


def _bound(head: bytes, place: Place) -> bytes:
    """The header and the place as bytes; two different ones never have the same."""
    parts = [head, *(_text(part) for part in (place.table, place.thread_id, *place.key))]
    return b"".join(_joined(part) for part in parts)


def _joined(part: bytes) -> bytes:
    """A part preceded by its length."""
    return len(part).to_bytes(_LENGTH_BYTES) + part


def _text(part: str) -> bytes:
    return part.encode("utf-8", "surrogatepass")
