"""The header of a PEP (RFC 2822 fields before the first blank line), handed to docutils as a field list."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIELD = re.compile(r"([A-Z][A-Za-z0-9-]*):(?:\s+(.*))?$")
_LEAST_FIELDS = 2


def as_field_list(lines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The lines with such a header turned into `:Name: value` lines, same in number, and the fields found."""
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    changed = list(lines)
    fields: dict[str, str] = {}
    name = ""
    for at in range(start, len(lines)):
        line = lines[at]
        if not line.strip():
            break
        found = _FIELD.match(line)
        if found:
            name = found[1]
            fields[name] = (found[2] or "").strip()
            changed[at] = f":{line.replace(':', ': ', 1) if not found[2] else line}"
        elif name and line[0].isspace():
            fields[name] += " " + line.strip()
        else:
            return list(lines), {}
    return (changed, fields) if len(fields) >= _LEAST_FIELDS else (list(lines), {})


def header_title(fields: dict[str, str]) -> str:
    """Number and title, parted by a dash, for the header of a PEP; else the title alone, or "" without one."""
    title = fields.get("Title", "")
    number = fields.get("PEP", "")
    return f"PEP {number} – {title}" if number and title else title  # noqa: RUF001 - the dash PEPs are cited with
