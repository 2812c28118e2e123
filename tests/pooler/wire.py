"""As much of PostgreSQL's wire protocol (version 3) as a pooler has to understand."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
PROTOCOL = 196608


@dataclass(frozen=True)
class Message:
    """One message after the startup: its type, and what follows its length."""

    kind: bytes
    body: bytes

    @property
    def encoded(self) -> bytes:
        return self.kind + struct.pack("!I", len(self.body) + 4) + self.body


@dataclass(frozen=True)
class Startup:
    """A client's first words: what it wants, or whom it wants to cancel."""

    code: int
    parameters: Mapping[str, str]
    cancels: tuple[int, bytes] = (0, b"")


async def read_message(reader: asyncio.StreamReader) -> Message:
    kind = await reader.readexactly(1)
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return Message(kind, await reader.readexactly(length - 4))


async def read_startup(reader: asyncio.StreamReader) -> Startup:
    length, code = struct.unpack("!II", await reader.readexactly(8))
    body = await reader.readexactly(length - 8)
    if code == CANCEL_REQUEST:
        return Startup(code, {}, (struct.unpack("!I", body[:4])[0], body[4:]))
    words = [word.decode() for word in body.split(b"\0")]
    return Startup(code, {key: value for key, value in zip(words[::2], words[1::2], strict=False) if key})


def startup(parameters: Mapping[str, str]) -> bytes:
    body = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(body) + 8, PROTOCOL) + body


def cancel_request(pid: int, secret: bytes) -> bytes:
    return struct.pack("!III", 12 + len(secret), CANCEL_REQUEST, pid) + secret


def key_data(pid: int, secret: bytes) -> Message:
    return Message(b"K", struct.pack("!I", pid) + secret)


def fatal(sqlstate: str, sentence: str) -> Message:
    fields = {"S": "FATAL", "V": "FATAL", "C": sqlstate, "M": sentence}
    return Message(b"E", b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0")


AUTHENTICATED = Message(b"R", struct.pack("!I", 0))
READY = Message(b"Z", b"I")
