"""Faults of an HTML file that can be told from the file alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from langgraph_quorum.nodes.documents.html_elements import Opened
from langgraph_quorum.nodes.documents.model import Fault, Place, Severity


class HtmlChecks:
    """Collects `faults` as the elements go by. The rules bear the names that accessibility checkers know them by."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._ids: dict[str, int] = {}

    def start(self, tag: str, attributes: Mapping[str, str | None], place: Place) -> None:
        """An element begins: is its id unique, has an image its text?"""
        name = attributes.get("id")
        if name and name in self._ids:
            self._add(f"id {name!r} is used on line {self._ids[name]} already", "error", place, "duplicate-id")
        elif name:
            self._ids[name] = place.get("line", 0)
        if tag == "img" and "alt" not in attributes:
            self._add(f"image {attributes.get('src') or ''!r} has no alt text", "warning", place, "image-alt")

    def link(self, target: str, text: str, place: Place) -> None:
        """A link ended: has it text and a target?"""
        if not text.strip():
            self._add(f"link to {target!r} has no text", "warning", place, "link-name")
        if not target.strip():
            self._add(f"link {text.strip()!r} leads nowhere: its href is empty", "warning", place, "link-target")

    def empty_heading(self, tag: str, place: Place) -> None:
        """A heading ended without text."""
        self._add(f"heading <{tag}> is empty", "warning", place, "empty-heading")

    def unclosed(self, elements: Iterable[Opened]) -> None:
        """Elements ended without the end tag they need."""
        for tag, line, section in elements:
            place = Place(section=section, line=line)
            self._add(f"<{tag}> is not closed by </{tag}>", "error", place, "unclosed-element")

    def stray_end(self, tag: str, place: Place) -> None:
        """An end tag without its start tag."""
        self._add(f"</{tag}> closes nothing: no <{tag}> is open", "error", place, "stray-end-tag")

    def _add(self, message: str, severity: Severity, place: Place, rule: str) -> None:
        self.faults.append(Fault(message, severity, place, rule))
