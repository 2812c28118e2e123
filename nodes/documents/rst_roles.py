"""Interpreted text of Sphinx and PEP documents (`:pep:`, `:func:`, `:ref:`), resolved to its text and target."""

from __future__ import annotations

import re
from collections.abc import Callable

from docutils import nodes
from docutils.parsers.rst import states


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NUMBERED: dict[str, tuple[str, Callable[[int], str]]] = {
    "pep": ("PEP", lambda number: f"https://peps.python.org/pep-{number:04d}/"),
    "pep-reference": ("PEP", lambda number: f"https://peps.python.org/pep-{number:04d}/"),
    "rfc": ("RFC", lambda number: f"https://datatracker.ietf.org/doc/html/rfc{number}"),
    "rfc-reference": ("RFC", lambda number: f"https://datatracker.ietf.org/doc/html/rfc{number}"),
}
_REFERENCES = _words(
    "any attr attribute class const data deco decorator doc download enum enumerator envvar eq exc exception expr"
    " external func function keyword label macro member meth meta method mod module namespace numref obj object opcode"
    " option paramref pdbcmd property pypi ref struct term token type union var"
)
_LITERALS = _words(
    "c-texpr command cpp-expr env file gnusamp kbd mailheader makevar mimetype newsgroup program regexp samp"
)
_TEXTS = _words("abbr bpo cve cwe dfn fa gh gh-file guilabel issue manpage menuselection pr source ticket user commit")
_DOMAINS = _words("c cpp external js math py pypi rst std")
_TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)

InlineResult = tuple[list[nodes.Node], list[nodes.system_message]]


class RoleInliner(states.Inliner):
    """Resolves roles that docutils does not know. Roles a document defines live here, not in docutils' globals."""

    def __init__(self) -> None:
        super().__init__()
        self.own_roles: dict[str, str] = {}
        """Name of a role the document defines -> name of the role it builds on, "" for plain text."""
        self.default_role = ""

    def interpreted(self, rawsource: str, text: str, role: str, lineno: int) -> InlineResult:
        """Called by docutils for each piece of interpreted text; `role` is empty for the default role."""
        name = (role or self.default_role).lower()
        plain = nodes.unescape(text)
        if name in self.own_roles:
            return self._own(rawsource, plain, self.own_roles[name])
        domain, _, short = name.rpartition(":")
        if domain and domain.split(":", maxsplit=1)[0] not in _DOMAINS:
            return super().interpreted(rawsource, text, role, lineno)
        if short == "raw":
            return [], []
        node = _numbered(rawsource, plain, short) if short in _NUMBERED else _known(rawsource, plain, short)
        if node is not None:
            return [node], []
        return super().interpreted(rawsource, text, name or role, lineno)

    def _own(self, rawsource: str, plain: str, base: str) -> InlineResult:
        if base == "raw":
            return [], []
        if base in {"code", "literal", "math"}:
            return [nodes.literal(rawsource, plain)], []
        return [nodes.inline(rawsource, plain)], []


# docutils fills its patterns from the variables of the inliner's own class, so a subclass has to repeat its parent's.
for _name, _part in vars(states.Inliner).items():
    if isinstance(_part, str) and _name not in vars(RoleInliner):
        setattr(RoleInliner, _name, _part)


def _numbered(rawsource: str, plain: str, role: str) -> nodes.Node | None:
    """A PEP or RFC; None when no number is given, which docutils then reports as the fault it is."""
    titled = _TITLED.match(plain)
    target = titled["target"] if titled else plain
    digits, _, anchor = target.partition("#")
    if not digits.strip().isdecimal():
        return None
    label, url = _NUMBERED[role]
    number = int(digits)
    title = titled["title"] if titled else f"{label} {number}"
    return nodes.reference(rawsource, title, refuri=url(number) + (f"#{anchor}" if anchor else ""))


def _known(rawsource: str, plain: str, role: str) -> nodes.Node | None:
    titled = _TITLED.match(plain)
    if role in _REFERENCES:
        if plain.startswith("!"):
            return nodes.literal(rawsource, plain[1:])
        target = (titled["target"] if titled else plain).lstrip("~!")
        title = titled["title"] if titled else _short_name(plain)
        return nodes.reference(rawsource, title, refuri=f"{role}:{target}")
    if role in _LITERALS:
        return nodes.literal(rawsource, plain)
    if role in _TEXTS:
        return nodes.inline(rawsource, titled["title"] if titled else plain)
    return None


def _short_name(name: str) -> str:
    """`~asyncio.Future.cancel` asks to be shown as `cancel`."""
    return name[1:].rpartition(".")[2] if name.startswith("~") else name
