"""Formatting faults of Markdown, as pymarkdown reports them.

pymarkdown's time grows with the square of the text it is given. A long file is therefore checked in parts, cut where a
top-level block begins, if possible a heading. Rules that compare distant places then
compare within a part; those that look for targets in the whole file are left out.
A `.pymarkdown` file or a `[tool.pymarkdown]` table in the working directory is heeded, as by pymarkdown's own command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pymarkdown.api import PyMarkdownApi, PyMarkdownApiException

from langgraph_quorum.nodes.documents.model import Block, Fault, Place, Severity

LINES_PER_PART = 300
"""About half a second's work."""
LINES_CHECKED = 6_000
"""What lies beyond is not checked, and a fault of severity `info` says so."""

LONGEST_PART = 1_000
"""Lines. A single list or quote longer than this is not checked, which a fault of severity `info` says as well."""

_TOOL = "pymarkdown"
_LINE_LENGTH = "MD013"
_ONLY_AT_THE_TOP = ("MD041", "MD043")
_OF_THE_WHOLE = ("MD051", "MD052", "MD053")
"""They look for targets anywhere in the file, so in a part they would miss what stands in another."""


def lint(text: str, lines: Sequence[str], starts: Sequence[int], headings: Sequence[Block]) -> Iterator[Fault]:
    """The faults, in order.

    Args:
        text: The file's text.
        lines: Its lines.
        starts: Lines, from 0, on which a top-level block begins.
        headings: The document's headings, which tell the section of a fault.
    """
    for first, behind in _parts(min(len(lines), LINES_CHECKED), starts, headings):
        left_out = (_ONLY_AT_THE_TOP if first else ()) + (_OF_THE_WHOLE if behind - first < len(lines) else ())
        part = "\n".join(lines[first:behind])
        if behind < len(lines):  # the blank lines and the line end before the next part are no faults of this one
            part = part.rstrip() + "\n"
        elif text.endswith(("\n", "\r")):
            part += "\n"
        if behind - first > LONGEST_PART:
            yield _unchecked(f"a block of {behind - first} lines is too long to be checked", first + 1, headings)
        elif part.strip():
            yield from _faults(part, first, headings, left_out)
    if len(lines) > LINES_CHECKED:
        yield _unchecked(f"lines after {LINES_CHECKED} were not checked", LINES_CHECKED + 1, headings)


def _parts(count: int, starts: Sequence[int], headings: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """First line and the line behind the last, from 0. A part ends at its last heading, or else at its last block."""
    at_heading = {heading.place["line"] - 1 for heading in headings}
    first = 0
    while count - first > LINES_PER_PART:
        inside = [start for start in starts if first < start <= first + LINES_PER_PART]
        beyond = [start for start in starts if first + LINES_PER_PART < start < count]
        cuts = [start for start in inside if start in at_heading] or inside or beyond[:1]
        if not cuts:
            break
        yield first, cuts[-1]
        first = cuts[-1]
    yield first, count


def _faults(part: str, first: int, headings: Sequence[Block], left_out: Sequence[str]) -> Iterator[Fault]:
    api = PyMarkdownApi(inherit_logging=True)  # else it sets the level of the root logger
    for extension in ("front-matter", "markdown-tables"):
        api.set_boolean_property(f"extensions.{extension}.enabled", True)
    for rule in left_out:
        api.disable_rule_by_identifier(rule)
    try:
        found = api.scan_string(part).scan_failures
    except PyMarkdownApiException as error:
        said = " ".join(str(error).split())
        yield _unchecked(f"pymarkdown could not check the lines from here: {said}", first + 1, headings)
        return
    for failure in sorted(found, key=lambda failure: (failure.line_number, failure.rule_id)):
        message = f"{failure.rule_description.rstrip('.')}{failure.extra_error_information or ''}"
        severity: Severity = "info" if failure.rule_id.upper() == _LINE_LENGTH else "warning"
        yield Fault(message, severity, _place(first + failure.line_number, headings), failure.rule_id)


def _unchecked(message: str, line: int, headings: Sequence[Block]) -> Fault:
    return Fault(message, "info", _place(line, headings), _TOOL)


def _place(line: int, headings: Sequence[Block]) -> Place:
    section = ""
    for heading in headings:
        if heading.place["line"] > line:
            break
        section = heading.text
    return Place(section=section, line=line)
