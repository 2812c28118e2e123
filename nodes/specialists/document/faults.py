"""The shape of a finding about a fault in what a document says."""

from __future__ import annotations

from langgraph_quorum.nodes.documents.model import Place, Severity
from langgraph_quorum.nodes.specialists.document.prose import shortened
from langgraph_quorum.nodes.specialists.document.quoting import one_line
from langgraph_quorum.nodes.specialists.document.report import Finding


def fault(kind: str, text: str, where: Place, severity: Severity, quote: str = "") -> Finding:
    """A finding with a severity; the quote is cut to its length, and left out when empty."""
    found: Finding = {"kind": kind, "text": one_line(text), "where": where, "severity": severity}
    if quote:
        found["quote"] = shortened(quote)
    return found


def with_data(finding: Finding, **data: object) -> Finding:
    """The finding with further facts, JSON primitives only."""
    return {**finding, "data": {**finding.get("data", {}), **data}}
