"""The layout of a document's source: what its parser complained of, stray white space, line lengths, dead markup."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from langgraph_quorum.nodes.documents.model import PROSE, Document, Fault, Place, Severity
from langgraph_quorum.nodes.specialists.document.link_targets import LINK_FAULT
from langgraph_quorum.nodes.specialists.document.quoting import lines_in_words, on_its_line, one_line
from langgraph_quorum.nodes.specialists.document.report import Finding

_QUOTED = re.compile(r"[\"'“`].*?[\"'”`]|\d+")
_ADDRESS = re.compile(r"\w+://|:\w+:`|<[^>]{30,}>")
_LITERAL = re.compile(r"``(.+?)``|`([^`]+)`")
_DEAD_MARKUP = {
    "rst": re.compile(r"(?<![\w*_`])(?:_[a-z]+_|\*[A-Za-z][\w -]{0,60}\w\*)(?![\w*`(])"),
    "markdown": re.compile(r"(?<![\w*])(?:\*\*\w[^*]{0,60}\*\*|\[[^\]]{1,60}\]\([^)]+\))"),
}
_USUAL_SHARE = 0.95
_WIDEST_WRAPPED = 120
_TOLERANCE = 0.1
_LINES_TO_JUDGE = 20
_SEVERITY_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


def layout_findings(document: Document) -> list[Finding]:
    """All faults of layout, one finding for each rule with the lines where it is broken."""
    return [
        *_parser_faults(document.faults),
        *_dead_markup(document),
        *_white_space(document),
        *_long_lines(document),
    ]


def usual_width(document: Document) -> int | None:
    """The width, in characters, that 95 % of the lines of prose keep within; None when the prose is not wrapped.

    Prose counts as wrapped when there are at least 20 such lines and their usual width is at most 120 characters.
    Lines with addresses are left out, since these cannot be broken.
    """
    lengths = sorted(len(line) for _, line in _prose_lines(document) if not _ADDRESS.search(line))
    if len(lengths) < _LINES_TO_JUDGE:
        return None
    width = lengths[min(len(lengths) - 1, int(_USUAL_SHARE * len(lengths)))]
    return width if width <= _WIDEST_WRAPPED else None


def _prose_lines(document: Document) -> Iterable[tuple[int, str]]:
    """Number and text of each source line on which prose stands."""
    for block in document.blocks:
        if block.kind not in PROSE or "line" not in block.place:
            continue
        first = block.place["line"]
        for number in range(first, block.place.get("end_line", first) + 1):
            if number <= len(document.raw_lines):
                yield number, document.raw_lines[number - 1]


def _parser_faults(faults: tuple[Fault, ...]) -> list[Finding]:
    """What the parser or linter of the format reported, grouped by rule and by message without its names."""
    groups: dict[tuple[str, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        if not LINK_FAULT.search(fault.message):
            groups[fault.rule, _QUOTED.sub("…", fault.message)].append(fault)
    found: list[Finding] = []
    for (rule, _), group in groups.items():
        lines = sorted({fault.place["line"] for fault in group if "line" in fault.place})
        more = f" ({len(group)} times{f': {lines_in_words(lines)}' if lines else ''})" if len(group) > 1 else ""
        found.append(
            {
                "kind": "format_fault",
                "text": one_line(group[0].message.rstrip(".") + more + "."),
                "where": group[0].place,
                "severity": min((fault.severity for fault in group), key=_SEVERITY_ORDER.index),
                "value": float(len(group)),
                "unit": "times",
                "data": {"rule": rule, "lines": lines},
            }
        )
    return found


def _dead_markup(document: Document) -> list[Finding]:
    """Signs of emphasis or links that the format did not take as markup, so that the reader sees the signs."""
    pattern = _DEAD_MARKUP.get(document.format)
    if pattern is None:
        return []
    literals = " ".join(a or b for line in document.raw_lines for a, b in _LITERAL.findall(line))
    places = [
        (on_its_line(document, block, match[0]), match[0])
        for block in document.blocks
        if block.kind in PROSE
        for match in pattern.finditer(block.text)
        if match[0] not in literals
    ]
    if not places:
        return []
    where, quote = places[0]
    named = ", ".join(dict.fromkeys(words for _, words in places))
    return [
        {
            "kind": "dead_markup",
            "text": one_line(f"Markup that {document.format} leaves standing as plain signs: {named}."),
            "where": where,
            "quote": quote,
            "severity": "warning",
            "value": float(len(places)),
            "unit": "times",
            "data": {
                "lines": [place["line"] for place, _ in places if "line" in place],
                "words": [w for _, w in places],
            },
        }
    ]


def _white_space(document: Document) -> list[Finding]:
    """Trailing blanks and tabs. Two blanks at the end of a line of Markdown are a line break, not a fault."""
    lines = list(enumerate(document.raw_lines, 1))
    meant = re.compile(r"\S  $") if document.format == "markdown" else re.compile(r"(?!)")
    trailing = [number for number, line in lines if re.search(r"[ \t]$", line) and not meant.search(line)]
    tabs = [number for number, line in lines if "\t" in line.rstrip()]
    return [
        *_on_lines(document, "trailing_white_space", "White space at the end of {}.", trailing),
        *_on_lines(document, "tab", "Tabs on {}: their width depends on the reader.", tabs),
    ]


def _long_lines(document: Document) -> list[Finding]:
    """Lines of prose over a tenth wider than the document's own usual width."""
    width = usual_width(document)
    if width is None:
        return []
    wide = {
        number: len(line)
        for number, line in _prose_lines(document)
        if len(line) > width * (1 + _TOLERANCE) and not _ADDRESS.search(line)
    }
    words = f"{{}} {'is' if len(wide) == 1 else 'are'} wider than the usual {width} characters: up to "
    return _on_lines(document, "long_line", words + f"{max(wide.values(), default=0)}.", sorted(wide))


def _on_lines(document: Document, kind: str, text: str, lines: list[int]) -> list[Finding]:
    """One finding for a rule broken on some lines; none for none."""
    if not lines:
        return []
    words = text.format(lines_in_words(lines))
    return [
        {
            "kind": kind,
            "text": one_line(words[0].upper() + words[1:]),
            "where": _place_of(document, lines[0]),
            "severity": "info",
            "value": float(len(lines)),
            "unit": "lines",
            "data": {"lines": lines},
        }
    ]


def _place_of(document: Document, line: int) -> Place:
    """A line with the section it stands in."""
    section = ""
    for block in document.blocks:
        if block.place.get("line", 0) > line:
            break
        section = block.place["section"]
    return {"section": section, "line": line}
