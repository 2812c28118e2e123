"""SQL kept in files: named statements of `queries/`, numbered scripts of `migrations/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_SCRIPT = re.compile(r"^(\d{4})_(\w+)\.sql$")


@dataclass(frozen=True)
class Migration:
    """One numbered script.

    Attributes:
        version: Its number; numbers start at 1 and have no gaps.
        name: The file's name without `.sql`.
        script: One or more SQL statements.
    """

    version: int
    name: str
    script: bytes


@cache
def statements(subject: str) -> dict[str, bytes]:
    """The statements of `queries/<subject>.sql` by name; psycopg takes bytes as trusted SQL."""
    text = (files(__package__) / "queries" / f"{subject}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: body.strip().encode() for name, body in zip(parts[::2], parts[1::2], strict=True)}


@cache
def migration_scripts() -> tuple[Migration, ...]:
    """All migrations in their order."""
    found = [
        Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_bytes())
        for file in (files(__package__) / "migrations").iterdir()
        if (match := _SCRIPT.match(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))
