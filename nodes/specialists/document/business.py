"""What a document binds its readers to: obligations, decisions, things to do, dates, people, and its purpose."""

from __future__ import annotations

from collections import Counter

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.actions import Action, actions
from langgraph_quorum.nodes.specialists.document.dates import DateMention, dates
from langgraph_quorum.nodes.specialists.document.decisions import Decision, decisions, status_fields
from langgraph_quorum.nodes.specialists.document.header import Field, Person, field_named, header_fields, people
from langgraph_quorum.nodes.specialists.document.obligations import Obligation, obligations
from langgraph_quorum.nodes.specialists.document.prose import (
    Passage,
    english_share,
    language_caveat,
    language_factor,
    passages,
    ratio,
    shortened,
)
from langgraph_quorum.nodes.specialists.document.purpose import purpose_sentences
from langgraph_quorum.nodes.specialists.document.quoting import one_line
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.nodes.specialists.document.subjects import bound_party
from langgraph_quorum.state.words import counted

_SENTENCES_FOR_A_PICTURE = 50
_PARTIES = 5
_HEADLINE = 200
_VERSION_FIELDS = ("python-version", "version", "release", "target-version", "milestone")


def analyse(document: Document) -> Report:
    """Find who is bound to what, what was decided, what is left to do, when, and by whom.

    Coverage is the share of the words of header and prose that could be read: all of the header, and of the prose the
    part `language_factor` gives, since the patterns are English. Code, tables and headings are not its material.
    Confidence is `sample_confidence` of the header's fields and the sentences, where 50 are enough, times the same
    factor: the patterns see one sentence at a time, so their counts grow reliable with the count of sentences.
    """
    fields = header_fields(document)
    read = passages(document)
    factor = language_factor(english_share(read))
    demands, settled, tasks = obligations(document), decisions(document), actions(document)
    mentioned, named = dates(document), people(fields)
    findings = [
        *(_standing(field) for field in status_fields(document)),
        *_purpose(read),
        *(_decision(one) for one in sorted(settled, key=lambda one: not one.when) if one.about == "this document"),
        *(_action(one) for one in tasks),
        *_parties(demands),
        *(_demand(one) for one in demands if one.strength == "must"),
        *(_decision(one) for one in settled if one.about == "design"),
        *(_person(one) for one in named),
        *(_date(one) for one in mentioned),
        *_versions(fields),
        *(_demand(one) for one in demands if one.strength == "should"),
        *(_decision(one) for one in settled if one.about == "another document"),
        *language_caveat(english_share(read), read, "The patterns for obligations, decisions and tasks"),
    ]
    header_words = sum(len(field.quote.split()) for field in fields)
    prose_words = sum(passage.words for passage in read)
    sentences = sum(len(passage.sentences) for passage in read)
    return {
        "headline": _headline(fields, named, demands, tasks),
        "findings": findings,
        "measures": {
            "must_sentences": float(sum(1 for one in demands if one.strength == "must")),
            "should_sentences": float(sum(1 for one in demands if one.strength == "should")),
            "binding_sentence_ratio": ratio(len({id(one.sentence) for one in demands}), sentences),
            "decisions": float(len(settled)),
            "action_items": float(len(tasks)),
            "dates": float(len(mentioned)),
            "people_in_header": float(len(named)),
        },
        "coverage": ratio(header_words + factor * prose_words, header_words + prose_words),
        "confidence": round(
            sample_confidence(len(fields) + sentences, _SENTENCES_FOR_A_PICTURE) * (factor if read else 1.0), 3
        ),
    }


def _standing(field: Field) -> Finding:
    """A header field that says how the document stands."""
    return {
        "kind": "status" if field.name.casefold() in {"status", "state"} else "standing",
        "text": one_line(f"{field.name}: {field.value}."),
        "where": field.place,
        "quote": field.quote,
        "data": {"field": field.name, "value": field.value},
    }


def _purpose(read: list[Passage]) -> list[Finding]:
    """The sentences by which the document says what it is for, at most two."""
    return [
        {
            "kind": "purpose",
            "text": one_line(f"What it is for: {sentence.text}"),
            "where": sentence.place,
            "quote": shortened(sentence.text),
        }
        for sentence in purpose_sentences(read)[:2]
    ]


def _demand(one: Obligation) -> Finding:
    """An obligation in its own words."""
    level = f"{one.strength} not" if one.forbids else one.strength
    return {
        "kind": "obligation",
        "text": one_line(f"{level.capitalize()}: {one.sentence.text}"),
        "where": one.sentence.place,
        "quote": shortened(one.sentence.text),
        "data": {
            "subject": one.subject,
            "strength": one.strength,
            "forbids": one.forbids,
            "form": one.form,
            "word": one.word,
            "demanded": one.predicate,
        },
    }


def _parties(demands: list[Obligation]) -> list[Finding]:
    """The subjects that most demands bind, at least two each; one and many of a thing count together."""
    groups: dict[str, list[Obligation]] = {}
    for one in demands:
        party = bound_party(one.subject)
        if party:
            groups.setdefault(party.removesuffix("s"), []).append(one)
    ranked = sorted((group for group in groups.values() if len(group) > 1), key=len, reverse=True)
    found: list[Finding] = []
    for group in ranked[:_PARTIES]:
        musts = sum(1 for one in group if one.strength == "must")
        first = group[0]
        found.append(
            {
                "kind": "bound_party",
                "text": one_line(
                    f"“{bound_party(first.subject)}” is bound by {len(group)} demands, {musts} of them a must; "
                    f"the first: {first.sentence.text}"
                ),
                "where": first.sentence.place,
                "quote": shortened(first.sentence.text),
                "value": float(len(group)),
                "unit": "demands",
                "data": {"party": bound_party(first.subject), "must": musts, "should": len(group) - musts},
            }
        )
    return found


def _decision(one: Decision) -> Finding:
    """A decision in its own words."""
    return {
        "kind": "decision",
        "text": one_line(f"{one.outcome.capitalize()} ({one.about}): {one.quote}"),
        "where": one.place,
        "quote": one.quote,
        "data": {"outcome": one.outcome, "about": one.about, "who": one.who, "when": one.when},
    }


def _action(one: Action) -> Finding:
    """Something to be done."""
    by = f"{one.who or 'nobody named'}{f', {one.when}' if one.when else ''}"
    return {
        "kind": "action_item",
        "text": one_line(f"To be done ({by}): {one.what}"),
        "where": one.place,
        "quote": one.quote,
        "data": {"form": one.form, "who": one.who, "what": one_line(one.what), "when": one.when},
    }


def _person(one: Person) -> Finding:
    """Somebody whom the header names."""
    return {
        "kind": "person",
        "text": one_line(f"{one.name}: {one.role} ({one.field.name})."),
        "where": one.field.place,
        "quote": one.field.quote,
        "data": {"name": one.name, "role": one.role, "mail": one.mail, "field": one.field.name},
    }


def _date(one: DateMention) -> Finding:
    """A date with its meaning."""
    return {
        "kind": "date",
        "text": one_line(
            f"{one.iso}: {one.meaning}{f' ({one.field})' if one.field else f': {one.quote}'}".rstrip(".") + "."
        ),
        "where": one.place,
        "quote": one.quote,
        "data": {"date": one.iso, "precision": one.precision, "meaning": one.meaning, "field": one.field},
    }


def _versions(fields: list[Field]) -> list[Finding]:
    """The version that the document aims at."""
    field = field_named(fields, *_VERSION_FIELDS)
    if field is None or not field.value:
        return []
    return [
        {
            "kind": "target_version",
            "text": one_line(f"Meant for {field.name.replace('-Version', '')} {field.value}."),
            "where": field.place,
            "quote": field.quote,
            "data": {"version": field.value, "field": field.name},
        }
    ]


def _headline(fields: list[Field], named: list[Person], demands: list[Obligation], tasks: list[Action]) -> str:
    """Kind, standing and authors from the header, then the weight of the demands."""
    kind, status = field_named(fields, "type", "category"), field_named(fields, "status", "state")
    authors = [one.name for one in named if one.role == "author"]
    what = " ".join([*([f"{status.value}"] if status else []), *([kind.value] if kind else []), "document"])
    by = f" by {authors[0]}{f' and {len(authors) - 1} more' if len(authors) > 1 else ''}" if authors else ""
    counts = Counter(one.strength for one in demands)
    parties = Counter(party for one in demands if (party := bound_party(one.subject))).most_common(1)
    most = f", most often of “{parties[0][0]}”" if parties and parties[0][1] > 1 else ""
    weight = (
        f"{counted(counts['must'], 'requirement')} (must), {counted(counts['should'], 'recommendation')} (should){most}"
        if demands
        else "no demands"
    )
    left = f"; {len(tasks)} thing{'s'[: len(tasks) > 1]} left to do" if tasks else ""
    text = f"{what}{by}: {weight}{left}."
    return one_line(text[0].upper() + text[1:], _HEADLINE)
