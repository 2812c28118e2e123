"""Where the database is: from the caller, from the environment, or the embedded server; and how to show it safely."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from langgraph_quorum.state.errors import ConfigurationError

DSN_VARIABLE = "QUORUM_DSN"

_SECRET_KEYS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
_HIDDEN = "***"
_SHORT = 6
"""Secrets with fewer characters also occur inside words that have nothing to do with them."""
_UNREADABLE = "(unreadable DSN, not shown)"
_MEND = (
    "give postgresql://user:password@host:port/database, with @ : / % # ? in the password written as %40 %3A %2F %25"
    " %23 %3F"
)
_UNKNOWN_OPTION = re.compile(r'(?:invalid URI query parameter|invalid connection option):? "([^"]*)"')
_MAX_PORT = 65535
_SCHEMES = frozenset({"postgresql", "postgres"})


@dataclass(frozen=True)
class Dsn:
    """A checked connection string and its origin.

    Attributes:
        text: The connection string, secrets included; None asks for the embedded server. Never part of the repr.
        source: Who named it: the caller, the variable QUORUM_DSN, or nobody.
    """

    text: str | None = field(repr=False)
    source: Literal["argument", "QUORUM_DSN", "embedded"]

    @property
    def shown(self) -> str:
        """The connection string as it may be printed."""
        return "embedded server" if self.text is None else redact(self.text)


def resolve_dsn(explicit: str | None, environ: Mapping[str, str]) -> Dsn:
    """Decide which database to use; an empty QUORUM_DSN counts as not set.

    Raises:
        ConfigurationError: The connection string that was found cannot be understood. Its text is not repeated.
    """
    if explicit is not None:
        check_dsn(explicit, "dsn")
        return Dsn(explicit, "argument")
    found = environ.get(DSN_VARIABLE, "").strip()
    if found:
        check_dsn(found, DSN_VARIABLE)
        return Dsn(found, "QUORUM_DSN")
    return Dsn(None, "embedded")


def check_dsn(dsn: str, name: str = "dsn") -> None:
    """Refuse what libpq cannot parse, or would parse into something the writer cannot have meant.

    Args:
        dsn: A URL or `key=value` connection string.
        name: What the setting is called in the error.

    Raises:
        ConfigurationError: It is empty, not a Postgres address, or its password is not percent-encoded.
    """
    if not dsn.strip():
        raise ConfigurationError(name, dsn, _MEND)
    try:
        parts = conninfo_to_dict(dsn)
    except (ProgrammingError, UnicodeError) as error:
        # The parser's own words quote the part it stumbled over, which may be half a password.
        raise ConfigurationError(name, _UNREADABLE, _mend_of(dsn, str(error))) from None
    if any("@" in str(parts.get(part, "")) for part in ("host", "port")) or _ends_early(dsn):
        raise ConfigurationError(name, _UNREADABLE, _MEND)
    ports = [port for port in str(parts.get("port", "")).split(",") if port]
    if not all(_is_port(port) for port in ports):
        raise ConfigurationError(name, _UNREADABLE, f"its port is no number from 1 to {_MAX_PORT}: {_MEND}")


def _mend_of(dsn: str, said: str) -> str:
    """What to do about a DSN that libpq refuses: it says which option it does not know, and we the nearest it does."""
    stumbled = _UNKNOWN_OPTION.search(said)
    if stumbled is None or "@" in dsn.partition("?")[2]:  # a password with a question mark is cut there
        return _MEND
    known = [option.keyword.decode() for option in Conninfo.get_defaults()]
    near = difflib.get_close_matches(stumbled[1], known, n=1)
    meant = f"did you mean {near[0]!r}?" if near else "take it out"
    return f"one of its options is none that Postgres has: {meant}"


def redact(dsn: str) -> str:
    """The connection string in `key=value` form with every secret as `***`; never raises."""
    try:
        parts = conninfo_to_dict(dsn)
        return make_conninfo("", **{key: _HIDDEN if key in _SECRET_KEYS else value for key, value in parts.items()})
    except (ProgrammingError, UnicodeError):
        return _UNREADABLE


def scrub(text: str, dsn: str) -> str:
    """`text` on one line, with every secret of `dsn` that occurs in it as `***`.

    A short one is replaced only where it is a word of its own: `acce***ting` would tell what `***` stands for.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except (ProgrammingError, UnicodeError):
        return _UNREADABLE
    secrets = {str(parts[key]) for key in _SECRET_KEYS & parts.keys() if parts[key]}
    if secrets:
        longest_first = sorted(secrets, key=len, reverse=True)
        text = re.sub("|".join(map(_pattern, longest_first)), _HIDDEN, text)
    return " ".join(text.split())


def address(dsn: str) -> str:
    """`host:port` (or the socket's folder) for messages; where the DSN is silent, what libpq takes: PGHOST, say."""
    try:
        parts = conninfo_to_dict(dsn)
    except (ProgrammingError, UnicodeError):
        return _UNREADABLE
    named = {
        option.keyword.decode(): option.val.decode(errors="replace") for option in Conninfo.get_defaults() if option.val
    }
    if "service" in parts and "host" not in parts:
        return f"the service {parts['service']!r}"  # libpq alone reads what is in its file
    parts = {**named, **parts}
    hosts = str(parts.get("host") or parts.get("hostaddr") or "the local socket").split(",")
    ports = str(parts.get("port") or 5432).split(",")
    pairs = zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False)
    return ", ".join(f"{host}:{port}" for host, port in pairs)


def _pattern(secret: str) -> str:
    return re.escape(secret) if len(secret) >= _SHORT else rf"(?<!\w){re.escape(secret)}(?!\w)"


def _ends_early(dsn: str) -> bool:
    """Whether the only @ of a URL is behind a slash: the rest of a password that ended there, taken for a database."""
    scheme, _, rest = dsn.partition("://")
    host, _, database = rest.partition("?")[0].partition("/")
    return scheme in _SCHEMES and "@" not in host and "@" in database


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= _MAX_PORT
