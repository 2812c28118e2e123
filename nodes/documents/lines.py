"""Finding the true lines of a block: its source text is looked up in the file's own lines, in reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence

TAB_WIDTH = 8
_LINE_END = re.compile(r"\r\n|\r|\n")
_RULE = re.compile(r"[\s|]*[-+=|:][-+=|:\s]*$")


def split_lines(text: str) -> tuple[str, ...]:
    """The lines as an editor counts them: only CR, LF and CRLF end a line, and a last line end opens no new line."""
    lines = _LINE_END.split(text)
    if lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


class LineFinder:
    """Finds blocks one after the other: each search starts below what was found before.

    A parser's own line number is taken as a hint only. What is returned are lines on which the block's source text
    really stands, as long as there are any.
    """

    def __init__(self, raw_lines: Sequence[str]) -> None:
        self._lines = [line.expandtabs(TAB_WIDTH).rstrip() for line in raw_lines]
        self._next = 0

    def find(self, source: str, hint: int | None = None, *, shared: bool = False) -> tuple[int, int]:
        """First and last line (from 1) of the block whose source text, freed of indent and markers, is `source`.

        The hinted line wins if the text stands there, else the first fitting line below the previous block. A
        `shared` block may begin or end on the previous block's last line, and may be followed by other text on its
        line (cells of a table).
        """
        wanted = [line.expandtabs(TAB_WIDTH).strip() for line in source.split("\n")]
        while wanted and not wanted[0]:
            wanted.pop(0)
        while wanted and not wanted[-1]:
            wanted.pop()
        start = max(self._next - 1, 0) if shared else self._next
        at = self._search(wanted, start, hint, shared=shared)
        if at is None:
            at = min(max(start, (hint or 1) - 1), max(len(self._lines) - 1, 0))
            return at + 1, at + 1
        last = at + max(len(wanted), 1) - 1
        self._next = max(self._next, last + 1)
        return at + 1, last + 1

    def find_line(self, pattern: re.Pattern[str]) -> int | None:
        """The first line (from 1) below the previous block which the pattern matches from its start."""
        for at in range(self._next, len(self._lines)):
            if pattern.match(self._lines[at]):
                self._next = at
                return at + 1
        return None

    def with_rules(self, line: int, end_line: int) -> tuple[int, int]:
        """The lines of a table, given those of its first and last cell: the ruled lines around belong to it."""
        first, last = line - 1, end_line - 1
        while first > 0 and _RULE.match(self._lines[first - 1]):
            first -= 1
        while last + 1 < len(self._lines) and _RULE.match(self._lines[last + 1]):
            last += 1
        self._next = max(self._next, last + 1)
        return first + 1, last + 1

    def _search(self, wanted: list[str], start: int, hint: int | None, *, shared: bool) -> int | None:
        if not wanted:
            return None
        if hint is not None and hint - 1 >= start and self._stands_at(hint - 1, wanted, shared=shared):
            return hint - 1
        for at in range(start, len(self._lines) - len(wanted) + 1):
            if self._stands_at(at, wanted, shared=shared):
                return at
        return None

    def _stands_at(self, at: int, wanted: list[str], *, shared: bool) -> bool:
        if at + len(wanted) > len(self._lines):
            return False
        if shared:
            return all(text in self._lines[at + i] for i, text in enumerate(wanted))
        first = self._lines[at]
        if not first.endswith(wanted[0]):
            return False
        marker = first[: len(first) - len(wanted[0])]
        if marker and not marker[-1].isspace():
            return False
        return all(self._lines[at + i].strip() == text for i, text in enumerate(wanted) if i)
