"""What tests ask of a specialist's report."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.report import Finding, Report


def analysed(specialist: str, document: Document) -> Report:
    """The report of the specialist of this name, found as branches find it."""
    module = importlib.import_module(f"langgraph_quorum.nodes.specialists.document.{specialist}")
    return cast("Callable[[Document], Report]", module.analyse)(document)


def of_kind(report: Report, *kinds: str) -> list[Finding]:
    return [finding for finding in report["findings"] if finding["kind"] in kinds]


def kinds(report: Report) -> list[str]:
    return [finding["kind"] for finding in report["findings"]]


def folded_quote(finding: Finding) -> str:
    """The finding's quote with each run of white space as one blank; "" when it has none."""
    return " ".join(finding.get("quote", "").split())


def misplaced(document: Document, report: Report) -> list[Finding]:
    """The findings whose quote does not stand in a block at the finding's place."""
    return [finding for finding in report["findings"] if not _stands(document, finding)]


def _stands(document: Document, finding: Finding) -> bool:
    quote = folded_quote(finding)
    if not quote:
        return True
    place = finding["where"]
    for block in document.blocks:
        first = block.place.get("line")
        if first is not None:
            here = first <= place.get("line", -1) <= block.place.get("end_line", first)
        else:
            here = block.place == place
        if here and quote in " ".join(block.text.split()):
            return True
    return False
