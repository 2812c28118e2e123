"""How connections are made and kept: the settings of a pool, from code or from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from langgraph_quorum.orchestration.persistence.statements import SCHEMA, check_schema
from langgraph_quorum.state.errors import ConfigurationError

Preset: TypeAlias = Literal["direct", "transaction"]

MODE_VARIABLE = "QUORUM_POOL_MODE"

_VARIABLES = {
    "preset": MODE_VARIABLE,
    "max_size": "QUORUM_POOL_MAX",
    "schema": "QUORUM_SCHEMA",
    "tenant": "QUORUM_TENANT",
}
_TENANT = re.compile(r"[A-Za-z0-9_.:@-]{1,200}")
_SIZE_MEND = "give a whole number of at least 1, and at least min_size"
_LEAST_S = 0.001


@dataclass(frozen=True)
class PoolSettings:
    """Everything about a pool but the connection string.

    Attributes:
        preset: `direct` talks to the server itself. `transaction` is for a pooler that hands out another server
            connection with each transaction, such as pgbouncer in transaction mode: nothing is kept in the session, so
            schema and tenant have to come from the role (`ALTER ROLE ... SET`), and so do the time limits of
            statements.
        schema: Where all tables are, ours and LangGraph's, and the only schema on the search path. None: ours are in
            `quorum`, LangGraph's in the first schema of the search path.
        tenant: The value of the setting `quorum.tenant`, which policies on the tables may read. None leaves it alone.
        min_size: Connections kept open, from 0.
        max_size: Connections at most, from 1.
        timeout_s: Seconds to wait for the first connection, and later for a free one.
        max_lifetime_s: Seconds after which a connection is replaced, less up to a tenth so that not all are at once.
        max_idle_s: Seconds after which a connection that nobody needs is closed, down to `min_size`.
        statement_timeout_s: Seconds after which the server breaks a statement off; None for never. Only `direct`.
        idle_in_transaction_s: Seconds after which the server ends a transaction that is doing nothing, so that a
            process that was stopped in the middle holds no row for ever; None for never. Only `direct`.

    Raises:
        ConfigurationError: A field is out of its bounds.
    """

    preset: Preset = "direct"
    schema: str | None = None
    tenant: str | None = None
    min_size: int = 1
    max_size: int = 10
    timeout_s: float = 10.0
    max_lifetime_s: float = 30 * 60.0
    max_idle_s: float = 10 * 60.0
    statement_timeout_s: float | None = 60.0
    idle_in_transaction_s: float | None = 60.0

    def __post_init__(self) -> None:
        if self.preset not in get_args(Preset):
            raise ConfigurationError("preset", self.preset, "give direct, or transaction behind a transaction pooler")
        if self.schema is not None:
            check_schema(self.schema)
        if self.tenant is not None and not (isinstance(self.tenant, str) and _TENANT.fullmatch(self.tenant)):
            raise ConfigurationError("tenant", self.tenant, "give 1 to 200 letters, digits and _ . : @ -")
        if not _is_count(self.min_size) or self.min_size < 0:
            raise ConfigurationError("min_size", self.min_size, "give a whole number from 0")
        if not _is_count(self.max_size) or self.max_size < max(1, self.min_size):
            raise ConfigurationError(
                "max_size", self.max_size, f"give at least 1 and at least min_size={self.min_size}"
            )
        for name in ("timeout_s", "max_lifetime_s", "max_idle_s", "statement_timeout_s", "idle_in_transaction_s"):
            self._check_seconds(name, may_be_none=name in {"statement_timeout_s", "idle_in_transaction_s"})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> PoolSettings:
        """The settings that QUORUM_POOL_MODE, QUORUM_POOL_MAX, QUORUM_SCHEMA and QUORUM_TENANT name; empty is not set.

        Raises:
            ConfigurationError: A variable's value makes no sense; the error names the variable.
        """
        found = {name: environ.get(variable, "").strip() for name, variable in _VARIABLES.items()}
        values: dict[str, object] = {name: text for name, text in found.items() if text}
        if size := found["max_size"]:
            if not size.isascii() or not size.isdecimal():
                raise ConfigurationError(_VARIABLES["max_size"], size, _SIZE_MEND)
            values["max_size"] = int(size)
        try:
            return cls(**values)  # type: ignore[arg-type]  # checked by __post_init__
        except ConfigurationError as error:
            raise ConfigurationError(_VARIABLES[error.field], found[error.field], error.mend) from None

    @property
    def tables_schema(self) -> str:
        """Where our own tables are."""
        return SCHEMA if self.schema is None else self.schema

    @property
    def session(self) -> dict[str, str]:
        """What the server has to know for each session, by its own names; times in milliseconds."""
        limits = {
            "statement_timeout": self.statement_timeout_s,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_s,
        }
        return {name: str(max(1, round(value * 1000))) for name, value in limits.items() if value is not None}

    @property
    def placement(self) -> dict[str, str]:
        """The session settings that decide which rows are meant: search path and tenant, where they are given."""
        places = {"search_path": self.schema, "quorum.tenant": self.tenant}
        return {name: value for name, value in places.items() if value is not None}

    def _check_seconds(self, name: str, *, may_be_none: bool) -> None:
        value = getattr(self, name)
        if value is None and may_be_none:
            return
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not _LEAST_S <= value < float("inf"):
            mend = f"give seconds, at least {_LEAST_S}" + (", or None for no limit" if may_be_none else "")
            raise ConfigurationError(name, value, mend)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
