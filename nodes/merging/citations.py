"""Reading a text that cites branches: its sentences, what each rests on, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from typing_extensions import TypedDict

from langgraph_quorum.nodes.scoring.quality import shortened

PROBLEMS = 10
"""Problems that are told at most."""
_SHOWN = 80

_MARKER = re.compile(r"\[([^\[\]\n]+)\](?!\()")
_PLACE = re.compile(r"\ue000(\d+)\ue001")
_PLACES = r"(?:\s*\ue000\d+\ue001)*"
_END = re.compile(rf"(?:[.!?\u2026]++[\"'\u201d\u2019)*_]*+{_PLACES}(?=\s|$)|[\u3002\uff01\uff1f]{_PLACES})")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•>]|\d{1,3}[.)])\s+")
_GOES_ON = re.compile(
    r"\b(?:e\.g|i\.e|al|approx|ca|cf|dr|figs?|incl|mrs?|ms|pp|prof|resp|sec|viz|vol|vs)\.$", re.IGNORECASE
)
"""Abbreviations that do not end a sentence."""
_MAY_GO_ON = re.compile(r"\b(?:ch|etc|inc|ltd|max|min|nos?|p|st)\.$", re.IGNORECASE)
"""Abbreviations that do not where a number or a small letter follows."""


class Claim(TypedDict):
    """One sentence and the branches that it cites."""

    text: str
    """Without the markers."""
    sources: list[str]


class Read(NamedTuple):
    """A text as it was read.

    Attributes:
        claims: Its sentences.
        problems: What is wrong, in words that the model can be told; empty when every sentence cites a branch that
            there is.
    """

    claims: list[Claim]
    problems: list[str]


def read(text: str, branches: Mapping[str, str]) -> Read:
    """Read a text in which each sentence ends with markers like `[id]` or `[one, two]`.

    Sentences end at `.`, `!` or `?` before a space, and at the end of each line; common abbreviations do not end one.
    A link (`[words](address)`) is no marker.

    Args:
        text: What a model has written.
        branches: Branch ids, by the id as it is shown in markers.
    """
    cited: list[list[str]] = []
    problems: list[str] = []

    def taken(match: re.Match[str]) -> str:
        found = _cited(match.group(1), branches)
        if not found:
            problems.append(f"[{shortened(match.group(1), _SHOWN)}] is no branch")
        cited.append(found)
        return f"\ue000{len(cited) - 1}\ue001"

    plain = _MARKER.sub(taken, re.sub("[\ue000\ue001]", "", text))
    claims: list[Claim] = []
    for line in plain.splitlines():
        for sentence in _sentences(_LIST_ITEM.sub("", line)):
            sources = {source for place in _PLACE.findall(sentence) for source in cited[int(place)]}
            words = " ".join(_PLACE.sub("", sentence).split())
            if not re.search(r"\w", words):
                continue
            claims.append(Claim(text=re.sub(r"\s+([.,;:!?])", r"\1", words), sources=sorted(sources)))
            if not _PLACE.search(sentence):
                problems.append(f'"{shortened(words, _SHOWN)}" cites no branch')
    if not claims:
        problems.append("the answer holds no sentence")
    return Read(claims, problems[:PROBLEMS])


def _cited(inside: str, branches: Mapping[str, str]) -> list[str]:
    """The branches in a marker; none when any of them is not known."""
    whole = " ".join(inside.split())
    if whole in branches:
        return [branches[whole]]
    parts = [part.strip() for part in re.split(r"[,;]", whole)]
    return [branches[part] for part in parts] if all(part in branches for part in parts) else []


def _sentences(line: str) -> Iterator[str]:
    """The sentences of a line. Markers behind a full stop belong before it, unless there are some before it already."""
    start = 0
    for end in _END.finditer(line):
        if end.start() < start or _is_abbreviated(line, start, end):
            continue
        stop = end.end()
        if stop < len(line.rstrip()) and _PLACE.search(line, start, end.start()):
            stop = end.start() + len(_PLACE.split(end.group())[0].rstrip())
        yield line[start:stop]
        start = stop
    yield line[start:]


def _is_abbreviated(line: str, start: int, end: re.Match[str]) -> bool:
    """Whether the full stop belongs to a word and the sentence goes on."""
    following = _PLACE.sub("", line[end.end() :]).lstrip()
    stopped = line[start : end.start() + 1]
    if not following or _GOES_ON.search(stopped):
        return bool(following)
    return (following[0].islower() or following[0].isdigit()) and bool(_MAY_GO_ON.search(stopped))
