"""Where a document says of itself that it is not finished. To speak of such marks is not to have them."""

from __future__ import annotations

import re

from langgraph_quorum.nodes.documents.model import Block, Document, Section, Severity
from langgraph_quorum.nodes.specialists.document.faults import fault, with_data
from langgraph_quorum.nodes.specialists.document.header import field_named, header_fields
from langgraph_quorum.nodes.specialists.document.prose import reads_as_prose
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.section_roles import section_role
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences
from langgraph_quorum.state.words import counted

MARK_WORD = r"(?:T[O]DO|FIX[M]E|X[X]X|TBD|TBC|TBA|T\.B\.D\.)"
"""The words by which authors mark what they have yet to write."""

_MARK = re.compile(
    rf"^\W*{MARK_WORD}(?:\s*\([^)]*\))?\s*(?:[:.!-]|$)|[\[(<]{MARK_WORD}\b[^\])>]*[\])>]|\b(?:is|are|still|remains?)\s+{MARK_WORD}\b"
    rf"|[:–—-]\s+{MARK_WORD}\W*$|\blorem ipsum\b|\?\?\?+"  # noqa: RUF001 (dashes as authors set them)
)
_SPOKEN_OF = re.compile(
    rf"[\"'“‘`]{MARK_WORD}[\"'”’`:]|{MARK_WORD}[\"'”’]?\s+(?:comments?|marks?|markers?|items?|lists?|tags?|labels?|notes?)\b"  # noqa: RUF001
    rf"|\b(?:such as|like|word|mark|marker|tag|called|named|marked|keyword|containing|with|grep)\s+[\"'“]?{MARK_WORD}",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\bto be (?:determined|decided|defined|specified|written|confirmed|announced)\b(?! by\b)"
    r"|\b(?:not yet|yet to be|still to be) (?:been )?(?:decided|determined|written|specified|documented|defined|settled"
    r"|finali[sz]ed|implemented)\b|\bremains to be \w+ed\b|\bundecided\b",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bwill be \w+(?:ed|ten|wn) (?:soon|shortly)\b|\bcoming soon\b"
    r"|\bin a (?:later|future) (?:version|revision|draft|edition) of this\b",
    re.IGNORECASE,
)
_BREAKS_OFF = re.compile(r"\w ?(?:\.\.\.|…)$")
_OUT_OF_SCOPE = re.compile(
    r"\b(?:out(?:side)? of (?:the )?scope|beyond the scope|matter for (?:a|another) separate"
    r"|(?:is|are) not (?:specified|covered|addressed|discussed|described) (?:here|by this|in this))\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"\b(?:resolved|closed|settled|decided|implemented|answered|obsolete)\b", re.IGNORECASE)
_NOT_CLOSED = re.compile(
    rf"\b(?:not|never|no|yet|to be|until|must|should|cannot)\b[^.;:]*?{_CLOSED.pattern}", re.IGNORECASE
)
_FINISHED_STATES = frozenset({"final", "accepted", "active", "approved", "published", "released"})


def unfinished(document: Document) -> list[Finding]:
    """Marks, undecided matters, promises of later additions, sentences that break off, open sections, stated limits."""
    found: list[Finding] = []
    for block in document.blocks:
        if block.kind == "heading" and _MARK.search(block.text) and not _SPOKEN_OF.search(block.text):
            found.append(_mark(block.text, block))
        if not reads_as_prose(block) or block.kind == "code":
            continue
        for sentence in sentences(block, document):
            found += _in_sentence(sentence, _is_finished(document))
    return [*found, *open_sections(document)]


def open_sections(document: Document) -> list[Finding]:
    """Sections that collect what is open, with the count of their points, and what they say is settled."""
    found = []
    for section in document.sections():
        if section_role(section.title) != "open" or not section.blocks:
            continue
        paragraphs = [block for block in section.blocks if block.kind == "paragraph"]
        listed = [block for block in section.blocks if block.kind == "list_item"] or paragraphs
        done = _points_done(section)
        opening = paragraphs[0].text if paragraphs else ""
        settled = len(done) == len(listed) > 0 or (_says_closed(opening) and not opening.endswith(":"))
        points = listed if settled else [block for block in listed if block not in done]
        questions = sum(1 for block in points if "?" in block.text)
        asking = f", {f'{questions} of them ' if len(points) > 1 else ''}with a question" if questions else ""
        note = f", and {len(done)} that it says itself to be settled" if done else ""
        note = "; it says itself that they are settled" if settled else note
        text = f"“{section.title}” lists {counted(len(points), 'point')}{asking}{note}."
        severity: Severity = "info" if settled else "warning"
        finding = fault("open_section", text, section.place, severity, section.title)
        facts = {"points": len(points), "questions": questions, "settled": settled, "points_settled": len(done)}
        found.append(with_data(finding, **facts))
    return found


def _points_done(section: Section) -> list[Block]:
    """The points of a list whose lead-in ("Since implemented:") says that they are settled."""
    done: list[Block] = []
    under_closed = False
    for block in section.blocks:
        if block.kind == "paragraph":
            under_closed = block.text.rstrip().endswith(":") and _says_closed(block.text)
        elif block.kind == "list_item" and under_closed:
            done.append(block)
    return done


def _says_closed(text: str) -> bool:
    """Whether a paragraph says that something is settled, and not that it has yet to be."""
    return bool(_CLOSED.search(text)) and not _NOT_CLOSED.search(text)


def _in_sentence(sentence: Sentence, finished: str) -> list[Finding]:
    """What one sentence shows to be unfinished: the first of the signs, gravest first."""
    text, place = sentence.text, sentence.place
    if _MARK.search(text) and not _SPOKEN_OF.search(text):
        return [fault("unfinished_mark", f"Left unfinished: {text}", place, "warning", text)]
    if _UNDECIDED.search(text) and not re.search(r"[\"“][^\"”]*(?:to be|not yet)[^\"“]*[\"”]", text):
        return [fault("undecided", f"Left undecided: {text}", place, "warning", text)]
    if _LATER.search(text):
        status = f", although the document is {finished}" if finished else ""
        return [fault("promised_later", f"Promised for later{status}: {text}", place, "info", text)]
    if _BREAKS_OFF.search(text):
        return [fault("breaks_off", f"The sentence breaks off: {text}", place, "info", text)]
    if _OUT_OF_SCOPE.search(text):
        return [fault("left_out", f"Left out on purpose: {text}", place, "info", text)]
    return []


def _mark(text: str, block: Block) -> Finding:
    """A heading that carries a mark."""
    return fault("unfinished_mark", f"Left unfinished: {text}", block.place, "warning", text)


def _is_finished(document: Document) -> str:
    """The standing of a document whose header calls it finished, else ""."""
    status = field_named(header_fields(document), "status", "state")
    return status.value if status and status.value.casefold() in _FINISHED_STATES else ""
