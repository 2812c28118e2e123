"""Sentences that a document says twice."""

from __future__ import annotations

import re
from collections import defaultdict

from langgraph_quorum.nodes.documents.model import PROSE, Document
from langgraph_quorum.nodes.specialists.document.faults import fault, with_data
from langgraph_quorum.nodes.specialists.document.quoting import lines_in_words
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences

_LEAST_WORDS = 8


def repeated_sentences(document: Document) -> list[Finding]:
    """Sentences of 8 words or more that stand in the document twice in the same words, longest first.

    Case, punctuation and white space do not count; apparatus, quotations and pointers ("See ...") are left out.
    """
    said: dict[str, list[Sentence]] = defaultdict(list)
    for block, role, _ in roles_of_blocks(document):
        if block.kind in PROSE and block.kind != "quote" and role != "apparatus":
            for sentence in sentences(block, document):
                if re.match(r"\(?see\b", sentence.text, re.IGNORECASE):
                    continue
                said[" ".join(re.findall(r"\w+", sentence.text.casefold()))].append(sentence)
    repeated = [
        (words, places) for words, places in said.items() if len(places) > 1 and len(words.split()) >= _LEAST_WORDS
    ]
    found = []
    for words, places in sorted(repeated, key=lambda entry: -len(entry[0].split())):
        lines = [line for one in places if (line := one.place.get("line")) is not None]
        where = f", {lines_in_words(lines)}" if lines else ""
        text = f"Said {len(places)} times{where}: {places[1].text}"
        finding = fault("repeated_sentence", text, places[1].place, "info", places[1].text)
        found.append(with_data(finding, times=len(places), lines=lines, words=len(words.split())))
    return found
