"""What a report is worth: a short document that was read well is not marked down for being short."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.grounding import quality_of
from langgraph_quorum.nodes.specialists.document.report import Finding, Report
from langgraph_quorum.nodes.specialists.document.roster import DOCUMENT_SPECIALISTS
from tests.specialists.poor_documents import FOREIGN, WITHOUT_PROSE
from tests.specialists.reports import analysed
from tests.specialists.samples import made, written

TARGET = 0.8

NOTE = """# Meeting room change

The team moves its weekly meeting from room 4 to room 12 on Monday. Room 4 is being painted and will be closed for two
weeks. Please bring your own laptop, since room 12 has no computer. Anna has already told the front desk about the
change. The meeting still starts at ten in the morning. If you cannot come, send Anna a short message before Friday.
"""
PAGE = """<!doctype html><html lang="en"><head><title>Garden club</title></head><body><h1>Garden club</h1>
<p>The garden club meets every Saturday behind the old school. New members are welcome, and the first three visits are
free.</p><h2>What we grow</h2><p>We grow beans, tomatoes and herbs in twelve raised beds. Every member looks after one
bed and shares the harvest with the others.</p><h2>Contact</h2><p>Write to <a href="https://example.org/garden">the
garden office</a> before your first visit. The office answers within a week.</p></body></html>
"""
README = """# tally

`tally` counts the words of text files and prints a table.

## Install

Install the package with pip. It needs Python 3.10 or newer.

```shell
pip install tally
```

## Usage

Give the function a path. The function returns a dictionary that maps each word to its count.

```python
from tally import count

words = count("notes.txt")
```

Words are compared without regard to case. Numbers are ignored unless the option `numbers` is set.
"""
LETTER = """Dear Ms Harper,

Thank you for your letter of 3 March about the flat in Mill Road. We have read it with care and want to answer it.

The heating was repaired on 28 February by the firm of Mr Cole. He replaced the pump and tested every radiator in the
flat. He reported that all of them were warm when he left. If one of them is cold again, please call our office.

You also ask about the rent for February. The flat was without heating for nine days in that month. We agree that the
rent should be lower for those days. We will pay back a third of the rent before the end of March. The money goes to
the account from which you pay the rent.

The window in the kitchen must be replaced. A carpenter will visit you on 14 March to measure it. Please tell us before
that day if you cannot be at home. We are sorry for the trouble that the broken heating has caused you.

Yours sincerely,

Peter Lang
"""
SHORT = {"note.md": NOTE, "page.html": PAGE, "README.md": README, "letter.txt": LETTER}


def mean_score(document: Document) -> float:
    qualities = [quality_of(document, analysed(name, document)) for name in DOCUMENT_SPECIALISTS]
    return fmean(quality["score"] or 0.0 for quality in qualities)


def a_report(*findings: Finding, coverage: float, confidence: float) -> Report:
    return {
        "headline": "A report.",
        "findings": list(findings),
        "measures": {},
        "coverage": coverage,
        "confidence": confidence,
    }


@pytest.mark.parametrize("name", SHORT)
def test_a_short_document_that_was_read_in_full_reaches_the_target(name: str, tmp_path: Path) -> None:
    assert mean_score(written(tmp_path, name, SHORT[name])) >= TARGET


@pytest.mark.parametrize("document", [*FOREIGN.values(), *WITHOUT_PROSE.values()], ids=[*FOREIGN, *WITHOUT_PROSE])
def test_a_document_without_english_prose_stays_far_below_it(document: Document) -> None:
    assert mean_score(document) < TARGET - 0.1


def test_what_is_checked_against_the_document_weighs_twice_what_the_specialist_claims() -> None:
    document = made(("paragraph", "Rivers carry sand."))
    true: Finding = {"kind": "fact", "text": "Sand.", "where": document.blocks[0].place, "quote": "carry sand"}
    false: Finding = {**true, "quote": "carry gold"}
    quality = quality_of(document, a_report(true, false, coverage=1.0, confidence=0.25))
    assert quality["score"] == pytest.approx(0.4 * 0.5 + 0.4 * 1.0 + 0.2 * 0.25)
    assert quality["evidence"][0] == "1 of 2 quotes found where the report says"


def test_without_quotes_coverage_still_weighs_twice_the_confidence() -> None:
    quality = quality_of(made(), a_report(coverage=0.9, confidence=0.3))
    assert quality["score"] == pytest.approx((2 * 0.9 + 0.3) / 3)
