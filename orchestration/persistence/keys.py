"""Named keys for encryption, one of them current: what is written uses that one, what is read may use any."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.state.errors import ConfigurationError

KEYS_VARIABLE = "QUORUM_ENCRYPTION_KEYS"
"""The environment variable `Keys.from_environment` reads: `name:base64,name2:base64`, the current key first."""

KEY_BYTES = 32

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME_MEND = "give 1 to 64 letters, digits and _ . - as a key's name"
_HIDDEN = "(not shown)"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of 256 bits by name. No message and no `repr` shows one.

    Attributes:
        current: Name of the key that new values are sealed with.
        by_name: All keys, 32 bytes each, with the current one; names are 1 to 64 letters, digits and `_ . -`, and are
            stored in clear beside every value.

    Raises:
        ConfigurationError: a name or a key is not of that form, or the current one is missing.
    """

    current: str
    by_name: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        for name, key in self.by_name.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ConfigurationError("keys", _HIDDEN, _NAME_MEND)
            if not isinstance(key, bytes) or len(key) != KEY_BYTES:
                raise ConfigurationError("keys", _HIDDEN, f"give key {name!r} as {KEY_BYTES} bytes")
        if self.current not in self.by_name:
            raise ConfigurationError("current", self.current, f"name one of the keys: {self.names}")
        object.__setattr__(self, "by_name", dict(self.by_name))

    def __repr__(self) -> str:
        return f"Keys(current={self.current!r}, names={self.names!r})"

    def __reduce__(self) -> Any:
        msg = "keys are not pickled: pass their names, and read them where they are needed"
        raise TypeError(msg)

    @property
    def names(self) -> list[str]:
        """The names, the current one first."""
        return [self.current, *(name for name in self.by_name if name != self.current)]

    @classmethod
    def parse(cls, text: str) -> Keys:
        """Keys from `name:base64,name2:base64`; the first is current, the others only open what is stored.

        Raises:
            ConfigurationError: the text is not of this form. No part of it is repeated.
        """
        by_name: dict[str, bytes] = {}
        for position, entry in enumerate(text.split(","), start=1):
            name, key = _entry(entry.strip(), position)
            if name in by_name:
                raise ConfigurationError(KEYS_VARIABLE, _HIDDEN, f"entry {position} repeats the name {name!r}: drop it")
            by_name[name] = key
        return cls(next(iter(by_name)), by_name)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Keys | None:
        """Keys of QUORUM_ENCRYPTION_KEYS; None when it is not set.

        Args:
            environ: By default `configured()`, which is the environment and what QUORUM_CONFIG names.

        Raises:
            ConfigurationError: it is set, also to an empty text, and not of the form that `parse` reads.
        """
        text = (configured() if environ is None else environ).get(KEYS_VARIABLE)
        return None if text is None else cls.parse(text)


def generate_key(name: str) -> str:
    """A new random key as `name:base64`, as `Keys.parse` reads it. Keep it as you keep a password.

    Raises:
        ConfigurationError: `name` is not 1 to 64 letters, digits and `_ . -`.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError("name", name, _NAME_MEND)
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _entry(entry: str, position: int) -> tuple[str, bytes]:
    name, colon, encoded = entry.partition(":")
    if not colon or not _NAME.fullmatch(name):
        mend = (
            f"entry {position} is not `name:base64`, with 1 to 64 letters, digits and _ . - as the name: `quorum db"
            " new-key NAME` prints one"
        )
        raise ConfigurationError(KEYS_VARIABLE, _HIDDEN, mend)
    try:
        key = base64.b64decode(encoded.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        mend = (
            f"entry {position} holds no base64 of {KEY_BYTES} bytes: make one with `quorum db new-key NAME`, or with"
            f" `openssl rand -base64 {KEY_BYTES}`"
        )
        raise ConfigurationError(KEYS_VARIABLE, _HIDDEN, mend)
    return name, key
