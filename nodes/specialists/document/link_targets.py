"""The links of a document: what they lead to, and which cannot work. Nothing is fetched and no file is looked up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Literal
from urllib.parse import urlsplit

from langgraph_quorum.nodes.documents.model import Document, Fault, Link, Severity
from langgraph_quorum.nodes.specialists.document.quoting import lines_in_words, one_line, standing_at
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.state.words import counted

LinkKind = Literal["web", "mail", "in-document", "relative path", "other scheme"]

LINK_FAULT = re.compile(
    r"unknown target|undefined|duplicate (?:explicit|implicit)? ?target|target not found|anonymous hyperlink"
    r"|footnote references?|citation",
    re.IGNORECASE,
)
"""What docutils says of references and targets; such a fault belongs to the links, all others to the layout."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_MARKDOWN_TARGET = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:\s*<?(\S+?)>?(?:\s|$)")
_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']?([\w.:-]+)|\{#([\w.:-]+)\}""")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_NO_SCHEME = re.compile(r"https?/{1,2}|www\.", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def link_kind(target: str) -> LinkKind:
    """What a target leads to, by its form alone."""
    if target.startswith("#"):
        return "in-document"
    scheme = _SCHEME.match(target)
    if scheme is None:
        return "web" if target.startswith("//") else "relative path"
    named = scheme[1].casefold()
    if named in {"http", "https"}:
        return "web"
    return "mail" if named == "mailto" else "other scheme"


def link_findings(document: Document) -> list[Finding]:
    """Broken and malformed links one by one, double targets, links without encryption together, and a census."""
    return [
        *(_reported(fault, document) for fault in document.faults if LINK_FAULT.search(fault.message)),
        *_dangling(document),
        *_malformed(document),
        *_defined_twice(document),
        *_unencrypted(document),
        *_census(document),
    ]


def malformation(target: str) -> str:
    """What is wrong with the form of a target, in words; "" for a sound one."""
    kind = link_kind(target)
    if not target.strip(" #"):
        return "is empty"
    if kind == "web":
        return _web_malformation(target.strip())
    if kind == "mail":
        address = target.partition(":")[2].partition("?")[0]
        return "" if _ADDRESS.fullmatch(address) else "is no e-mail address"
    return "lacks its scheme, https://" if _NO_SCHEME.match(target) else ""


def _web_malformation(target: str) -> str:
    """The same for a target that begins as an address of the web does."""
    try:
        host = urlsplit(target).hostname
    except ValueError:
        return "is not a valid address"
    if not host:
        return "names no host"
    return "has white space in it" if re.search(r"\s", target) else ""


def _reported(fault: Fault, document: Document) -> Finding:
    """A fault of links that the format's own parser reported."""
    broken = not fault.message.casefold().startswith("duplicate")
    severity: Severity = "info" if "implicit" in fault.message.casefold() else "error" if broken else "warning"
    named = re.search(r"[\"“`](.+?)[\"”`]", fault.message)
    return _fault_finding(
        document, Link("", named[1] if named else "", fault.place),
        ("broken_reference" if broken else "duplicate_target"), fault.message, severity,
    )  # fmt: skip


def _fault_finding(document: Document, link: Link, kind: str, text: str, severity: Severity) -> Finding:
    """A finding at a link, with its text as quote where that stands in the block."""
    found: Finding = {"kind": kind, "text": one_line(text), "where": link.place, "severity": severity}
    quote = standing_at(document, link.place, link.text)
    if quote:
        found["quote"] = quote
    if link.target:
        found["data"] = {"target": link.target}
    return found


def _dangling(document: Document) -> list[Finding]:
    """In-document links to an anchor that no heading and no markup makes; rst's parser checks its own."""
    if document.format == "rst":
        return []
    anchors = {match[1] or match[2] for line in document.raw_lines for match in _ANCHOR.finditer(line)}
    slugs: Counter[str] = Counter()
    for heading in document.of_kind("heading"):
        slug = _NOT_IN_SLUG.sub("", heading.text.strip().casefold()).replace(" ", "-")
        anchors.add(f"{slug}-{slugs[slug]}" if slugs[slug] else slug)
        slugs[slug] += 1
    known = {anchor.casefold() for anchor in anchors}
    return [
        _fault_finding(document, link, "broken_reference", f"“{link.text}” leads to {link.target}, which nothing in the document is named.", "error")  # noqa: E501
        for link in document.links
        if link_kind(link.target) == "in-document"
        and link.target[1:].casefold() not in known | {"", "top"}
        and not re.match(r"#(?:fn|fnref|footnote|cite)", link.target, re.IGNORECASE)
    ]  # fmt: skip


def _malformed(document: Document) -> list[Finding]:
    """Links whose target cannot be followed as it is written."""
    return [
        _fault_finding(document, link, "malformed_target", f"The target {link.target!r} {wrong}.", "error")
        for link in document.links
        if (wrong := malformation(link.target))
    ]


def _defined_twice(document: Document) -> list[Finding]:
    """Markdown's link definitions that give one label two targets: the second is never used."""
    if document.format != "markdown":
        return []
    defined: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, line in enumerate(document.raw_lines, 1):
        target = _MARKDOWN_TARGET.match(line)
        if target:
            defined[target[1].casefold()].append((number, target[2]))
    return [
        {
            "kind": "duplicate_target",
            "text": one_line(f"The label [{label}] is defined on {lines_in_words([line for line, _ in places])}."),
            "where": {"section": "", "line": places[1][0]},
            "severity": "warning",
            "data": {"targets": [target for _, target in places], "lines": [line for line, _ in places]},
        }
        for label, places in defined.items()
        if len({target for _, target in places}) > 1
    ]


def _unencrypted(document: Document) -> list[Finding]:
    """The web links over plain http, as one finding; loopback and example hosts need no encryption."""
    plain = [
        link for link in document.links
        if link.target.startswith("http://") and not malformation(link.target)
        and not re.match(r"http://(?:localhost|127\.|\[::1\]|example\.)", link.target)
    ]  # fmt: skip
    if not plain:
        return []
    web = sum(1 for link in document.links if link_kind(link.target) == "web")
    lines = sorted({link.place["line"] for link in plain if "line" in link.place})
    found = _fault_finding(
        document,
        plain[0],
        "plain_http",
        f"{len(plain)} of {counted(web, 'web link')} without encryption (http): {lines_in_words(lines)}.",
        "info",
    )
    return [{**found, "value": float(len(plain)), "unit": "links", "data": {"lines": lines}}]


def _census(document: Document) -> list[Finding]:
    """How many links of which kind, as one fact."""
    if not document.links:
        return []
    kinds = Counter(link_kind(link.target) for link in document.links)
    first = document.links[0]
    named = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    found: Finding = {
        "kind": "links",
        "text": one_line(f"{len(document.links)} link{'s'[: len(document.links) > 1]}: {named}."),
        "where": first.place,
        "value": float(len(document.links)),
        "unit": "links",
        "data": {"kinds": dict(sorted(kinds.items())), "targets": len({link.target for link in document.links})},
    }
    quote = standing_at(document, first.place, first.text)
    return [{**found, "quote": quote}] if quote else [found]
