"""Directives of Sphinx and PEP documents, reduced to the text they hold. docutils' own registry is left alone."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives

from langgraph_quorum.nodes.documents.rst_roles import RoleInliner


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERSIONS = {"versionadded": 1, "versionchanged": 1, "versionremoved": 1, "deprecated": 1, "deprecated-removed": 2}
_CODE = _words(
    "code code-block doctest grammar-snippet graphviz ipython mermaid plantuml productionlist prompt sourcecode"
    " testcode testoutput uml"
)
_LANGUAGE_NAMED = _words("code code-block prompt sourcecode")
_PROSE = _words(
    "availability canonical-doc canonical-pypa-spec canonical-typing-spec card centered dropdown glossary grid"
    " grid-item grid-item-card hlist impl-detail only pep-banner seealso superseded tab tab-item tab-set tabs todo"
    " withdrawn rejected"
)
_SILENT_ARGUMENT = _words("glossary grid grid-item hlist only tab-set tabs")
_SIGNATURES = _words(
    "abstractmethod attribute classmethod cmdoption confval coroutinefunction coroutinemethod data decorator"
    " decoratormethod describe envvar exception function method object opcode option pdbcommand property program"
    " staticmethod type macro member struct var"
)
_DROPPED = _words(
    "codeauthor contents currentmodule default-domain highlight highlightlang index module moduleauthor py:module"
    " py:currentmodule raw rst-class sectionauthor section-numbering sectnum tabularcolumns testcleanup testsetup"
    " toctree"
)
_NOT_INCLUDED = _words("include literalinclude")
_DOMAINS = ("py:", "c:", "cpp:", "js:", "rst:", "std:")
_AUTOMATIC = re.compile(r"auto(attribute|class|data|decorator|exception|function|method|module|property|summary)$")


def known_directive(name: str, first_argument: str) -> type[Directive] | None:
    """The class that reads this directive, None if docutils should decide. `name` is in lower case."""
    if name in _CODE:
        return CodeDirective
    if name in _DROPPED or _AUTOMATIC.match(name):
        return DroppedDirective
    if name in _NOT_INCLUDED:
        return InclusionDirective
    if name in _SIGNATURES or name.startswith(_DOMAINS) or (name == "class" and re.search("[A-Z(.]", first_argument)):
        return SignatureDirective
    if name in _PROSE or name in _VERSIONS:
        return ProseDirective
    return {"role": RoleDirective, "default-role": DefaultRoleDirective}.get(name)


class AnyOptions(dict[str, Any]):
    """An option specification that accepts every option as text."""

    def __missing__(self, _: str) -> Any:
        return directives.unchanged

    def __bool__(self) -> bool:
        return True


class TolerantDirective(Directive):
    """Takes any argument, options and content."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = AnyOptions()

    @property
    def argument(self) -> str:
        """The argument's lines, "" when there is none."""
        return self.arguments[0] if self.arguments else ""

    def parsed_content(self) -> list[nodes.Node]:
        """The nodes of the directive's content."""
        holder = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return list(holder.children)


class CodeDirective(TolerantDirective):
    """A listing; the argument names its language."""

    def run(self) -> list[nodes.Node]:
        """One literal block."""
        text = "\n".join(self.content) or self.argument
        words = self.argument.split() if self.name.lower() in _LANGUAGE_NAMED else []
        block = nodes.literal_block(text, text, language=words[0] if words else "")
        block.line = self.content_offset + 1
        return [block]


class ProseDirective(TolerantDirective):
    """Prose in a box: the argument is a first paragraph, without the version numbers of `versionadded` and its kin."""

    def run(self) -> list[nodes.Node]:
        """The argument's paragraph, if any, and the content."""
        name = self.name.lower()
        text = "" if name in _SILENT_ARGUMENT else self.argument
        if versions := _VERSIONS.get(name, 0):
            text = "".join(text.split(maxsplit=versions)[versions:])
        found: list[nodes.Node] = []
        if text:
            inline, messages = self.state.inline_text(text, self.lineno)
            paragraph = nodes.paragraph(text, "", *inline)
            paragraph.line = self.lineno
            found += [paragraph, *messages]
        return found + self.parsed_content()


class SignatureDirective(TolerantDirective):
    """The description of an object: its signature is code, the rest is the document's text."""

    def run(self) -> list[nodes.Node]:
        """A literal block with the signature, and the content."""
        found = self.parsed_content()
        if not self.argument:
            return found
        signature = nodes.literal_block(self.argument, self.argument, language="")
        signature.line = self.lineno
        return [signature, *found]


class DroppedDirective(TolerantDirective):
    """Instructions to a tool: nothing to read."""

    def run(self) -> list[nodes.Node]:
        """Nothing."""
        return []


class InclusionDirective(TolerantDirective):
    """Another file's text, which is not read: a document is one file."""

    def run(self) -> list[nodes.Node]:
        """Nothing; a notice goes to the document's faults."""
        message = f"{self.argument!r} is not read as part of this document: read it as a document of its own"
        self.state.document.reporter.info(message, line=self.lineno, notice=True)
        return []


class RoleDirective(TolerantDirective):
    """`.. role:: name(base)`: kept with the document's inliner."""

    def run(self) -> list[nodes.Node]:
        """Nothing to read."""
        name, _, base = self.argument.partition("(")
        inliner = self.state.memo.inliner
        if isinstance(inliner, RoleInliner):
            inliner.own_roles[name.strip().lower()] = base.rstrip(") ").lower()
        return []


class DefaultRoleDirective(TolerantDirective):
    """`.. default-role:: name`: kept with the document's inliner."""

    def run(self) -> list[nodes.Node]:
        """Nothing to read."""
        inliner = self.state.memo.inliner
        if isinstance(inliner, RoleInliner):
            inliner.default_role = self.argument.strip()
        return []
