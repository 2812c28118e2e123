"""The elements of HTML that matter to a reader, and which of them are open at a point of the file."""

from __future__ import annotations

from typing import NamedTuple


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names("area base br col embed hr img input link meta param source track wbr")
"""Elements without content or end tag."""
HEADINGS = {f"h{level}": level for level in range(1, 7)}
LISTS = _names("ul ol dl menu")
ITEMS = _names("li dt dd")
CELLS = _names("td th")
BLOCKS = _names(
    "address article aside blockquote body caption center details dialog div fieldset figcaption figure footer form"
    " header hgroup hr html legend main p pre section summary table tbody tfoot thead title tr"
).union(HEADINGS, LISTS, ITEMS, CELLS)
"""Elements that end the piece of text before them."""
UNREAD = _names("head iframe nav noscript object script select style svg template textarea")
"""Elements whose content is not the document's text."""

_END_TAG_OPTIONAL = _names(
    "body caption colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr"
)
_ROWS = _names("tr").union(CELLS)
_PARTS = _names("thead tbody tfoot").union(_ROWS)
_IN_HEADINGS = _names("div p")
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (_names("li"), LISTS),
    "dt": (_names("dt dd"), _names("dl")),
    "dd": (_names("dt dd"), _names("dl")),
    "td": (CELLS, _names("tr table")),
    "th": (CELLS, _names("tr table")),
    "tr": (_ROWS, _names("table")),
    "thead": (_PARTS, _names("table")),
    "tbody": (_PARTS, _names("table")),
    "tfoot": (_PARTS, _names("table")),
    "option": (_names("option"), _names("select")),
    "body": (_names("head"), _names("html")),
}
"""Tag -> the open elements it ends, and the elements beyond which it does not reach."""

DEEPEST = 1000
"""Elements within each other; browsers stop at about half as many."""


class Opened(NamedTuple):
    """An open element: its tag, and where it was opened."""

    tag: str
    line: int
    section: str


class OpenElements:
    """A stack. Its methods return the elements that had to be closed although their end tag is required."""

    def __init__(self) -> None:
        self._stack: list[Opened] = []

    def __contains__(self, tag: str) -> bool:
        return any(tag == element.tag for element in self._stack)

    def divides(self, tag: str) -> bool:
        """Whether a tag divides the text before it from that behind it. A `div` in a heading does not."""
        in_heading = any(element.tag in HEADINGS for element in self._stack)
        return tag in BLOCKS and not (in_heading and tag in _IN_HEADINGS)

    def inwards_out(self) -> list[str]:
        """The tags of all open elements, the innermost first."""
        return [element.tag for element in reversed(self._stack)]

    def start(self, element: Opened) -> list[Opened]:
        """Opens an element, and ends those which its start ends: an item the one before, a block the paragraph.

        Raises:
            RecursionError: The elements are nested deeper than `DEEPEST`.
        """
        tag = element.tag
        unclosed: list[Opened] = []
        if tag in _ENDS:
            unclosed += self._cut(*_ENDS[tag])
        if tag in BLOCKS:
            unclosed += self._cut(frozenset(("p",)), BLOCKS - {"p"})
            if self.divides(tag):
                unclosed += self._cut(frozenset(HEADINGS), BLOCKS - _IN_HEADINGS - HEADINGS.keys())
        if tag not in VOID:
            self._stack.append(element)
            if len(self._stack) > DEEPEST:
                raise RecursionError("HTML elements are nested too deeply")
        return unclosed

    def end(self, tag: str) -> list[Opened] | None:
        """Closes an element and all in it; None if it is not open."""
        for at in range(len(self._stack) - 1, -1, -1):
            if self._stack[at].tag == tag:
                closed = self._stack[at + 1 :]
                del self._stack[at:]
                return _required(closed)
        return None

    def finish(self) -> list[Opened]:
        """Closes everything."""
        closed, self._stack = self._stack, []
        return _required(closed)

    def _cut(self, ended: frozenset[str], limits: frozenset[str]) -> list[Opened]:
        """Closes from the outermost of the ended elements that is within the limits."""
        cut = None
        for at in range(len(self._stack) - 1, -1, -1):
            tag = self._stack[at].tag
            if tag in ended:
                cut = at
            elif tag in limits:
                break
        if cut is None:
            return []
        closed = self._stack[cut:]
        del self._stack[cut:]
        return _required(closed)


def _required(closed: list[Opened]) -> list[Opened]:
    return [element for element in closed if element.tag not in _END_TAG_OPTIONAL]
