"""Docstrings and signatures, made ready for Sphinx where it would misread them."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.domains.python import PyObject

SHOWN = re.compile(r"<(?:class '[\w.]*?(?P<name>\w+)'|[^<>]*)>")
"""How Python shows a class, and what it cannot write down: a dataclass's `<factory>`, an object at its address."""
MADE_ELSEWHERE = {f"langgraph_quorum.{name}" for name in ("Orchestrator", "SyncOrchestrator", "Run")}
FIRST = 100
"""Before napoleon, which listens at the priority 500."""


def _keep_sentences_whole(_app: Sphinx, what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Returns and attributes are said in sentences: napoleon takes what stands before a colon for a type."""
    if what in ("attribute", "data") and lines:
        lines[0] = f": {lines[0]}"
    for number, line in enumerate(lines[:-1]):
        if line.strip() == "Returns:":
            text = lines[number + 1]
            indent = len(text) - len(text.lstrip())
            lines[number + 1] = f"{text[:indent]}: {text[indent:]}"


def _let_letters_follow(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Code with a letter right behind it, the plural of a class, needs an escape to end there."""

    def ended(code: re.Match[str]) -> str:
        return code[0] + ("\\ " if code.string[code.end() : code.end() + 1].isalnum() else "")

    lines[:] = re.sub(r"`[^`]+`", ended, "\n".join(lines)).split("\n")


def _make_readable(
    _app: Sphinx, what: str, name: str, _obj: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Leave out what is no Python, for the whole signature would not be understood, and what nobody calls."""
    if what == "class" and name in MADE_ELSEWHERE:
        return "", None
    return (None if signature is None else SHOWN.sub(lambda found: found["name"] or "...", signature)), returned


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("autodoc-process-docstring", _keep_sentences_whole, priority=FIRST)
    app.connect("autodoc-process-docstring", _let_letters_follow, priority=FIRST)
    app.connect("autodoc-process-signature", _make_readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
