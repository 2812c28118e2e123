"""How a document is made: its outline, its code, its links, and the layout of its source."""

from __future__ import annotations

from collections import Counter, defaultdict

from langgraph_quorum.nodes.documents.model import Document, Severity
from langgraph_quorum.nodes.specialists.document.code_blocks import CodeBlock, code_blocks, unknown_name
from langgraph_quorum.nodes.specialists.document.layout import layout_findings
from langgraph_quorum.nodes.specialists.document.link_targets import link_findings, link_kind
from langgraph_quorum.nodes.specialists.document.outline import bare_headings, depth, outline_findings
from langgraph_quorum.nodes.specialists.document.prose import ratio, shortened
from langgraph_quorum.nodes.specialists.document.python_code import SyntaxFault
from langgraph_quorum.nodes.specialists.document.quoting import lines_in_words, one_line, opening
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.state.words import counted

_NAMES = {"python": "Python", "pycon": "Python console", "ebnf": "grammar", "text": "plain text", "": "unrecognised"}
_FACTS = ("code_blocks", "outline", "links")
_UNITS_FOR_A_PICTURE = 20
_HEADLINE = 200


def analyse(document: Document) -> Report:
    """Analyse structure, code, links and layout.

    Coverage is the mean over the kinds of material that the document has, of the share that could be analysed:
    headings (1: a document without them has none to analyse), code blocks (share whose language is named or was
    recognised), links (1: all are told apart by their form) and source lines (1, or 0 for formats that have none).
    An empty document has coverage 0.
    Confidence is `sample_confidence` of headings + code blocks + links + a fiftieth of the source lines, where 20 are
    enough for a picture: each of them is checked fully, so only the amount limits what their measures say.
    """
    blocks = code_blocks(document)
    findings = [
        *(finding for block in blocks for finding in _code_faults(block)),
        *_unknown_names(blocks),
        *outline_findings(document),
        *link_findings(document),
        *layout_findings(document),
        *_languages(blocks),
    ]
    findings.sort(key=_rank)
    headings = sum(1 for _ in document.of_kind("heading"))
    units = headings + len(blocks) + len(document.links) + len(document.raw_lines) // 50
    return {
        "headline": _headline(document, blocks, findings),
        "findings": findings,
        "measures": _measures(document, blocks, findings),
        "coverage": _coverage(document, blocks) if document.blocks else 0.0,
        "confidence": sample_confidence(units, _UNITS_FOR_A_PICTURE) if document.blocks else 0.0,
    }


def _rank(finding: Finding) -> tuple[int, int]:
    """Errors, warnings, then the three facts, then notes; in reading order within each."""
    order = {"error": 0, "warning": 1, "info": 3}
    rank = order[finding["severity"]] if "severity" in finding else 2
    fact = _FACTS.index(finding["kind"]) if finding["kind"] in _FACTS else 0
    return rank, fact * 1_000_000 + finding["where"].get("line", 0)


def _code_faults(code: CodeBlock) -> list[Finding]:
    """The syntax faults of one block: deliberate ones are no faults, those of older Pythons are said to be so."""
    if code.deliberate:
        return []
    return [_code_fault(code, fault) for fault in code.faults]


def _code_fault(code: CodeBlock, fault: SyntaxFault) -> Finding:
    """One syntax fault at its line."""
    lines = code.block.text.splitlines()
    shown = lines[fault.offset].strip() if fault.offset < len(lines) else opening(code.block)
    where = code.block.place.copy()
    if code.line is not None:
        where["line"] = min(code.line + fault.offset, code.block.place.get("end_line", code.line + fault.offset))
    severity: Severity = "error" if code.known_by == "name" and not fault.aged else "warning"
    why = f"uses {' and '.join(fault.aged)}" if fault.aged else f"does not parse: {fault.message}"
    found: Finding = {
        "kind": "outdated_code" if fault.aged else "code_syntax_error",
        "text": one_line(f"{_NAMES[code.language]} code {why}: {shown}"),
        "where": where,
        "severity": severity,
        "data": {"message": fault.message, "language": code.language},
    }
    if shown:
        found["quote"] = shortened(shown)
    return found


def _unknown_names(blocks: list[CodeBlock]) -> list[Finding]:
    """Languages named by the author that no highlighter knows, each once."""
    first = {code.block.language: code.block for code in reversed(blocks) if unknown_name(code.block.language)}
    return [
        {
            "kind": "unknown_code_language",
            "text": one_line(f"The code language “{name}” is not one that Pygments knows."),
            "where": block.place,
            "quote": opening(block),
            "severity": "info",
        }
        for name, block in first.items()
    ]


def _languages(blocks: list[CodeBlock]) -> list[Finding]:
    """One fact for each language: how many blocks, where, and how it is known."""
    groups: dict[str, list[CodeBlock]] = defaultdict(list)
    for code in blocks:
        groups[code.language].append(code)
    found: list[Finding] = []
    for language, group in sorted(groups.items(), key=lambda entry: -len(entry[1])):
        named = sum(code.known_by == "name" for code in group)
        lines = [code.line for code in group if code.line is not None]
        how = f", {_known_how(named, len(group))}" if language else ""
        name = _NAMES.get(language, language)
        found.append(
            {
                "kind": "code_blocks",
                "text": one_line(
                    f"{len(group)} {name} code block{'s'[: len(group) > 1]}{how}"
                    f"{f': {lines_in_words(lines)}' if lines else ''}."
                ),
                "where": group[0].block.place,
                "quote": opening(group[0].block),
                "value": float(len(group)),
                "unit": "blocks",
                "data": {
                    "language": language,
                    "named": named,
                    "lines": lines,
                    "partial": sum(1 for code in group if code.completed),
                    "broken_on_purpose": [code.line for code in group if code.deliberate and code.faults],
                },
            }
        )
    return found


def _known_how(named: int, of: int) -> str:
    """How the language of blocks is known, where the source names so many of them."""
    if not named:
        return "recognised by what they hold" if of > 1 else "recognised by what it holds"
    return "labelled so in the source" if named == of else f"{named} labelled so in the source, the others recognised"


def _coverage(document: Document, blocks: list[CodeBlock]) -> float:
    """The mean of the shares that the docstring of `analyse` names."""
    shares = [1.0 if document.raw_lines else 0.0]
    if any(document.of_kind("heading")):
        shares.append(1.0)
    if blocks:
        shares.append(ratio(sum(1 for code in blocks if code.language), len(blocks)))
    if document.links:
        shares.append(1.0)
    return round(sum(shares) / len(shares), 3)


def _measures(document: Document, blocks: list[CodeBlock], findings: list[Finding]) -> dict[str, float]:
    """The named numbers; shares are 0 where there is nothing to divide by."""
    python = [code for code in blocks if code.language in {"python", "pycon"}]
    sound = sum(1 for code in python if code.deliberate or not code.faults)
    kinds = Counter(link_kind(link.target) for link in document.links)
    severities = Counter(finding["severity"] for finding in findings if "severity" in finding)
    return {
        "headings": float(sum(1 for _ in document.of_kind("heading"))),
        "heading_levels": float(depth(document)),
        "bare_headings": float(len(bare_headings(document))),
        "code_blocks": float(len(blocks)),
        "python_blocks": float(len(python)),
        "python_sound_ratio": ratio(sound, len(python)),
        "links": float(len(document.links)),
        "web_links": float(kinds["web"]),
        "errors": float(severities["error"]),
        "warnings": float(severities["warning"]),
    }


def _headline(document: Document, blocks: list[CodeBlock], findings: list[Finding]) -> str:
    """Size of the parts, then the worst fault or that there is none."""
    headings = sum(1 for _ in document.of_kind("heading"))
    python = sum(1 for code in blocks if code.language in {"python", "pycon"})
    faults = [finding for finding in findings if finding.get("severity") in {"error", "warning"}]
    sizes = [counted(headings, "heading"), counted(len(blocks), "code block"), counted(len(document.links), "link")]
    parts = f"{sizes[0]}, {sizes[1]}{f' ({python} Python)' if python else ''}, {sizes[2]}"
    if not faults:
        return one_line(f"{parts}; no error or warning found.", _HEADLINE)
    worst = faults[0]
    line = f" (line {worst['where']['line']})" if "line" in worst["where"] else ""
    return one_line(f"{parts}; {len(faults)} fault{'s'[: len(faults) > 1]}, first{line}: {worst['text']}", _HEADLINE)
