"""Finding the true lines of a block: its source text is looked up in the file's own lines, in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain

TAB_WIDTH = 8
_LINE_END = re.compile(r"\r\n|\r|\n")
_Fits = Callable[[int, list[str]], bool]
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

    def find(self, source: str, hint: int | None = None) -> tuple[int, int]:
        """First and last line (from 1) of the block whose source text, freed of indent and markers, is `source`.

        The hinted line wins if the text stands there, else the first fitting line below the previous block.
        """
        return self._found(_stripped(source), self._next, hint, self._stands_at)

    def find_cells(self, sources: Sequence[tuple[str, int | None]]) -> list[tuple[int, int]]:
        """The same for the cells of one table, given with their hints: cells share lines with each other."""
        spans: list[tuple[int, int]] = []
        start = self._next
        for source, hint in sources:
            spans.append(self._found(_stripped(source), start, hint, self._is_part_at))
            start = spans[0][0] - 1
        return spans

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

    def _found(self, wanted: list[str], start: int, hint: int | None, fits: _Fits) -> tuple[int, int]:
        tried = chain([] if hint is None or hint - 1 < start else [hint - 1], range(start, len(self._lines)))
        fitting = (at for at in tried if at + len(wanted) <= len(self._lines) and fits(at, wanted))
        at = next(fitting, None) if wanted else None
        if at is None:
            last_line = max(len(self._lines), 1)
            line = min(max(start + 1, hint or 1), last_line)
            return line, line
        self._next = max(self._next, at + len(wanted))
        return at + 1, at + len(wanted)

    def _stands_at(self, at: int, wanted: list[str]) -> bool:
        first = self._lines[at]
        if not first.endswith(wanted[0]):
            return False
        marker = first[: len(first) - len(wanted[0])]
        if marker and not marker[-1].isspace():
            return False
        return all(self._lines[at + i].strip() == text for i, text in enumerate(wanted) if i)

    def _is_part_at(self, at: int, wanted: list[str]) -> bool:
        return all(text in self._lines[at + i] for i, text in enumerate(wanted))


def _stripped(source: str) -> list[str]:
    return [line.strip() for line in source.expandtabs(TAB_WIDTH).strip().split("\n")] if source.strip() else []
