"""Docstrings and signatures, made ready for Sphinx where it would misread them."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.domains.python import PyObject

FIRST = 100
"""Before napoleon, which listens at the priority 500."""


def _keep_returns_whole(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """What is returned is said in a sentence: napoleon would take what stands before its first colon for a type."""
    for number, line in enumerate(lines[:-1]):
        if line.strip() == "Returns:":
            text = lines[number + 1]
            indent = len(text) - len(text.lstrip())
            lines[number + 1] = f"{text[:indent]}: {text[indent:]}"


def _make_factories_readable(
    _app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """A dataclass's `<factory>` is no Python, and the whole signature would not be understood."""
    return (None if signature is None else signature.replace("<factory>", "...")), returned


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("autodoc-process-docstring", _keep_returns_whole, priority=FIRST)
    app.connect("autodoc-process-signature", _make_factories_readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
