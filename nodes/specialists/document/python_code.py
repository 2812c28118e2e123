"""Reading a block of code as Python: does it parse, how surely is it Python, and where does it fail."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from textwrap import dedent

_PROMPT = re.compile(r"^(\s*)(>>>|\.\.\.)(?: (.*)|)$")
_FIRST_PROMPT = re.compile(r"^\s*>>>(?: |$)", re.MULTILINE)
_SPACED_DOTS = re.compile(r"(?<![.\w])\. \. \.(?![.\w])|…|\[(?:\.\.\.|skipped|snip)\]")
_LEFT_OUT_NAMES = re.compile(r"\b(import\s+)\.\.\.")
_STATEMENT = re.compile(
    r"""\s*(?:(?:async\s+)?(?:def\s+\w+\s*\(|for\s.+\sin\s.+:|with\s.+:)|class\s+\w+\s*[:(]|(?:el)?if\s.+:\s*$
    |while\s.+:|(?:else|try|finally)\s*:|except\b.*:|(?:from\s+[\w.]+\s+)?import\s+\w|return\b|raise\b|yield\b
    |assert\s|print\b|@\w|(?:pass|break|continue)\s*(?:$|\#))""",
    re.VERBOSE,
)
_AGED = (
    (re.compile(r"^(\s*(?:.*:\s+)?)print\s+(?![(=])(.+?)\s*$", re.MULTILINE), r"\1print(\2)", "Python 2's print"),
    (re.compile(r"\bexcept\s+([\w.]+|\(.+?\))\s*,\s*(\w+)\s*:"), r"except \1 as \2:", "Python 2's except"),
    (re.compile(r"\braise\s+(\w+)\s*,\s*(.+?)\s*$", re.MULTILINE), r"raise \1(\2)", "Python 2's raise"),
    (re.compile(r"^(\s*)exec\s+(?!\()(.+?)\s*$", re.MULTILINE), r"\1exec(\2)", "Python 2's exec"),
    (re.compile(r"<>"), "!=", "Python 2's <>"),
    (
        re.compile(r"\basync\b(?!\s+(?:def|for|with)\b)(?!['\"])"),
        "async_",
        "async as a name, a keyword since Python 3.7",
    ),
)
_COMPLETIONS = 40
"""Headers without a body that are completed before a block counts as broken; each costs one more parse."""
_TELLING = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.With, ast.AsyncWith, ast.For,
    ast.AsyncFor, ast.Try, ast.TryStar, ast.Raise, ast.If, ast.While, ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom,
    ast.Assert, ast.Return, ast.JoinedStr, ast.ListComp,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Why a piece of code is not Python. `offset` counts lines from 0 at the block's first line."""

    message: str
    offset: int
    aged: tuple[str, ...] = ()
    """Forms of older Pythons that explain the fault entirely; () when they do not."""


@dataclass(frozen=True, slots=True)
class PythonReading:
    """What a block of code is when read as Python."""

    console: bool
    """Whether it shows a session at the `>>>` prompt."""
    certain: bool
    """Whether it has what no other common language has: statements, or lines led by Python's keywords."""
    completed: int
    """Headers whose body the author left out."""
    faults: tuple[SyntaxFault, ...]
    """One for each example of a session, else at most one."""


def read_python(text: str) -> PythonReading:
    """Read a block as Python, as its author meant it: dots that stand for left-out code are code left out.

    Args:
        text: The block, indented or not, with or without the prompts of a session.
    """
    if _FIRST_PROMPT.search(text):
        read = [(offset, *_parse(source)) for offset, source in session_examples(text)]
        faults = tuple(_moved(fault, offset) for offset, _, _, fault in read if fault)
        return PythonReading(True, True, sum(done for _, _, done, _ in read), faults)
    tree, completed, fault = _parse(dedent(text))
    certain = _telling(tree, text) if tree else _led_by_keywords(text)
    return PythonReading(False, certain, completed, (fault,) if fault else ())


def session_examples(text: str) -> list[tuple[int, str]]:
    """The statements typed in a session, output dropped: (line offset from 0, source without prompts)."""
    examples: list[tuple[int, list[str]]] = []
    open_example = False
    for offset, line in enumerate(text.splitlines()):
        typed = _PROMPT.match(line)
        if typed and typed[2] == ">>>":
            examples.append((offset, [typed[3] or ""]))
        elif typed and open_example:
            examples[-1][1].append(typed[3] or "")
        open_example = bool(typed and (typed[2] == ">>>" or open_example))
    return [(offset, "\n".join(lines)) for offset, lines in examples]


def _parse(source: str) -> tuple[ast.Module | None, int, SyntaxFault | None]:
    """The tree of a source, the headers completed for it, and the fault when there is no tree."""
    lines = _LEFT_OUT_NAMES.sub(r"\1_", _SPACED_DOTS.sub("...", source)).splitlines()
    origin = list(range(len(lines)))
    for completed in range(_COMPLETIONS):
        try:
            return ast.parse("\n".join(lines)), completed, None
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            header = _header_without_body(error)
            if header is None:
                return None, completed, _fault(error, lines, origin)
            indent = len(lines[header - 1]) - len(lines[header - 1].lstrip())
            lines.insert(header, " " * (indent + 4) + "pass")
            origin.insert(header, origin[header - 1])
    return None, _COMPLETIONS, SyntaxFault("too many headers without a body", 0)


def _header_without_body(error: Exception) -> int | None:
    """The line (from 1) of the header that the error says lacks its indented body."""
    if not isinstance(error, IndentationError):
        return None
    named = re.search(r"expected an indented block after .* on line (\d+)", error.msg)
    return int(named[1]) if named else None


def _fault(error: Exception, lines: list[str], origin: list[int]) -> SyntaxFault:
    """The fault in the lines of the original, with the forms of older Pythons that explain it."""
    number = getattr(error, "lineno", None) or 1
    offset = origin[min(number, len(origin)) - 1] if origin else 0
    message = error.msg if isinstance(error, SyntaxError) else f"cannot be parsed: {error}"
    modern, used = "\n".join(lines), []
    for pattern, replacement, name in _AGED:
        renewed = pattern.sub(replacement, modern)
        used += [name] if renewed != modern else []
        modern = renewed
    if not used:
        return SyntaxFault(message, offset)
    try:
        ast.parse(modern)
    except (SyntaxError, ValueError):
        return SyntaxFault(message, offset)
    return SyntaxFault(message, offset, tuple(used))


def _moved(fault: SyntaxFault, offset: int) -> SyntaxFault:
    """The same fault, counted from the block's first line instead of the example's."""
    return SyntaxFault(fault.message, fault.offset + offset, fault.aged)


def _telling(tree: ast.Module, text: str) -> bool:
    """Whether a parsed text is Python and not a list of names, prose, a shell line or a call in another language."""
    if re.search(r"[;{]\s*$", text, re.MULTILINE):
        return any(isinstance(node, (ast.FunctionDef, ast.Import, ast.ImportFrom)) for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, _TELLING):
            return True
        if isinstance(node, (ast.Assign, ast.AugAssign)) and re.search(r"\w\S* [-+*/|&]?= \S", text):
            return True
        if isinstance(node, ast.Slice) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            return True
    return bool(re.match(r'\s*[rRbBuU]?("""|\'\'\')', text))


def _led_by_keywords(text: str) -> bool:
    """Whether a text that does not parse is Python all the same: half of its lines, at least two, open as Python does.

    Lines of comments and blank lines are not counted. Two listings set side by side are no Python.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines or side_by_side(lines):
        return False
    led = sum(1 for line in lines if _STATEMENT.match(line))
    return led >= 2 and 2 * led >= len(lines)  # noqa: PLR2004


def side_by_side(lines: list[str]) -> bool:
    """Whether all lines (at least three) have a bar in one and the same column, as two listings in columns have."""
    bars = [{column for column, sign in enumerate(line) if sign == "|"} for line in lines]
    return len(bars) > 2 and bool(set.intersection(*bars))  # noqa: PLR2004
