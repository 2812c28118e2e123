"""Faults of style that proselint finds, less the rules that misfire on technical text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from proselint.checks import __register__ as _all_checks

from langgraph_quorum.nodes.specialists.document.prose import around, clipped
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

LEFT_OUT: dict[str, str] = {
    "annotations": "unfinished marks are the quality specialist's",
    "misc.but": "opening with But is accepted usage",
    "misc.capitalization": "misreads the names of products and fields",
    "misc.composition": "matches words that code and commands use literally",
    "misc.scare_quotes": "technical text quotes terms and literals",
    "restricted": "for texts in a basic vocabulary only; off in proselint's own defaults",
    "spelling.consistency": "`spelling` compares more words and names both places",
    "typography.diacritical_marks": "takes the verb resume for a curriculum",
    "typography.punctuation.exclamation": "counts operators and negations",
    "typography.symbols": "curly quotes and ellipses are the typesetter's; sources keep ASCII, and code needs it",
}
"""Rule or family of rules -> why its hits are not reported. Those that count as noise were seen on Python's PEPs."""

_MESSAGES = {
    "weasel_words.very": 'The intensifier "very" weakens more than it adds.',
}
"""Our words where proselint's are in jest."""

_CHECKS = tuple(check for check in _all_checks if not any(check.matches_partial(rule) for rule in LEFT_OUT))


def findings(read: Sequence[Sentence]) -> list[Finding]:
    """Run proselint's rules over the sentences.

    A hit is dropped when it crosses from one sentence to the next, lies in a name of code (`__ne__` is no French "né")
    or in a capitalised name within a sentence ("GNU Mailman" is no mail carrier).

    Args:
        read: All sentences of the document in reading order; the checks see one text and keep no state.
    """
    starts: list[int] = []
    parts = ["\n"]
    position = 1
    for sentence in read:
        starts.append(position)
        parts.append(f"{sentence.text}\n")
        position += len(sentence.text) + 1
    text = "".join(parts)
    hits = sorted(
        {(hit.span, check.path, hit.message) for check in _CHECKS for hit in check.check_with_flags(text)},
    )
    found: list[Finding] = []
    for (start, end), path, message in hits:
        index = bisect_right(starts, start) - 1
        if index < 0:
            continue
        sentence, offset = read[index], start - starts[index]
        if _holds(sentence.text, offset, offset + end - start):
            found.append(_finding(sentence, text[start:end].strip(), path, _MESSAGES.get(path, message)))
    return found


def _holds(sentence: str, start: int, end: int) -> bool:
    """Whether a hit lies within the sentence, and on words rather than on names."""
    if not 0 <= start < end <= len(sentence):
        return False
    first, last = sentence.rfind(" ", 0, start + 1) + 1, sentence.find(" ", end)
    tokens = sentence[first : last if last >= 0 else None].split()
    if any(set(token) & set("_`=<>@/\\{}[]") or "()" in token for token in tokens):
        return False
    hit = sentence[start:end].strip()
    if hit == "very" and sentence[:start].rstrip().endswith(("the", "this", "that")):
        return False  # "at the very least" intensifies nothing
    return not (start > 0 and hit[:1].isupper())


def _finding(sentence: Sentence, words: str, path: str, message: str) -> Finding:
    """A hit as a finding; proselint's advice is shortened to its first sentence."""
    return {
        "kind": "style_fault",
        "text": clipped(f'"{words}": {message.strip()}'),
        "where": sentence.place,
        "quote": around(sentence.text, words),
        "severity": "info",
        "data": {"rule": f"proselint {path}"},
    }
