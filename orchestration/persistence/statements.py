"""SQL kept in files: named statements of `queries/`, numbered scripts of `migrations/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from langgraph_quorum.state.errors import ConfigurationError

SCHEMA = "quorum"
"""Where our tables are when nothing else is said; LangGraph's are in the first schema of the search path."""

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SCRIPT = re.compile(r"^(\d{4})_(\w+)\.sql$")


@dataclass(frozen=True)
class Migration:
    """One numbered script.

    Attributes:
        version: Its number; numbers start at 1 and have no gaps.
        name: The file's name without `.sql`.
        script: One or more SQL statements, which name our tables `{schema}.table`.
    """

    version: int
    name: str
    script: str

    def on(self, schema: str) -> bytes:
        """The script for our tables in `schema`."""
        return _placed(self.script, schema)


@cache
def statements(subject: str, schema: str = SCHEMA) -> dict[str, bytes]:
    """The statements of `queries/<subject>.sql` by name; psycopg takes bytes as trusted SQL.

    Args:
        subject: The file's name without `.sql`.
        schema: Where our tables are; see `check_schema`.
    """
    text = (files(__package__) / "queries" / f"{subject}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: _placed(body.strip(), schema) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def check_schema(schema: str) -> None:
    """Refuse a name that would have to be quoted.

    Raises:
        ConfigurationError: It is not a plain lower-case name of at most 63 characters.
    """
    if not isinstance(schema, str) or not _PLAIN_NAME.fullmatch(schema):
        mend = "give a plain name: lower-case letters, digits and _, not a digit first, at most 63"
        raise ConfigurationError("schema", schema, mend)


def quoted(name: str) -> str:
    """A role's or database's name as SQL reads it, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def _placed(sql: str, schema: str) -> bytes:
    check_schema(schema)
    return sql.replace("{schema}", schema).encode()


@cache
def migration_scripts() -> tuple[Migration, ...]:
    """All migrations in their order."""
    found = [
        Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in (files(__package__) / "migrations").iterdir()
        if (match := _SCRIPT.match(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))
