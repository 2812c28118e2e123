"""Parsing reStructuredText with docutils: no file is opened, no network used, none of docutils' globals changed."""

from __future__ import annotations

import threading
from copy import copy
from types import SimpleNamespace
from typing import Any

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, states
from docutils.readers import standalone
from docutils.transforms import misc, references

from langgraph_quorum.nodes.documents.rst_directives import known_directive
from langgraph_quorum.nodes.documents.rst_roles import RoleInliner

LONGEST_LINE = 10_000
"""Characters. docutils refuses longer lines, since its patterns become slow on them."""

_WARNING = 2
_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "line_length_limit": LONGEST_LINE,
    "syntax_highlight": "none",
    "smart_quotes": False,
}
_TRANSFORMS = tuple(
    transform
    for transform in standalone.Reader().get_transforms()
    if transform.__module__ in {references.__name__, misc.__name__}
)
"""Those that resolve references; the others would move titles and front matter about."""


def parse_tree(source: str, text: str) -> tuple[nodes.document, list[nodes.system_message]]:
    """The document's tree with references resolved, and what docutils reported: warnings and worse, and our notices."""
    tree = utils.new_document(source, copy(_DEFAULTS))
    reported: list[nodes.system_message] = []

    def keep(message: nodes.system_message) -> None:
        if message["level"] >= _WARNING or message.get("notice"):
            reported.append(message)

    tree.reporter.attach_observer(keep)
    _StatesParser(inliner=RoleInliner()).parse(text, tree)
    tree.transformer.add_transforms(_TRANSFORMS)
    tree.transformer.apply_transforms()
    return tree, reported


def _directive(state: Any, match: Any, **presets: Any) -> Any:
    """Called by docutils at `.. name::`: looks among our directives before it asks docutils' registry."""
    name = match.group(1)
    found = known_directive(name.lower(), match.string[match.end() :])
    if found is not None:
        return state.run_directive(found, match, name, presets)
    return _DOCUTILS_BODY.directive(state, match, **presets)


def _explicit_markup() -> SimpleNamespace:
    """Docutils' constructs that begin with `..`, with its handler of directives replaced."""
    constructs = [
        (_directive if method is _DOCUTILS_BODY.directive else method, pattern)
        for method, pattern in _DOCUTILS_BODY.explicit.constructs
    ]
    return SimpleNamespace(patterns=_DOCUTILS_BODY.explicit.patterns, constructs=constructs)


_DOCUTILS_BODY: Any = states.Body


class _Idle(threading.local):
    """Machines for nested parsing that are not in use. Before 0.22, docutils gives one back and then still reads it."""

    def __init__(self) -> None:
        self.machines: list[Any] = []


_IDLE = _Idle()


class _OurState:
    """Mixed into each of docutils' states, so that nested parsing stays among them and finds our directives."""

    explicit = _explicit_markup()
    directive = _directive

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.nested_sm_kwargs = {"state_classes": _STATES, "initial_state": "Body"}

    @property
    def nested_sm_cache(self) -> list[Any]:
        """Where docutils keeps the machines that are idle: each thread's own."""
        return _IDLE.machines


_STATES = tuple(type(state.__name__, (_OurState, state), {}) for state in states.state_classes)


class _StatesParser(Parser):
    """docutils' parser, run on our states."""

    def __init__(self, inliner: RoleInliner | None = None) -> None:
        super().__init__(inliner=inliner)
        self.state_classes = _STATES


def _settings() -> Any:
    settings: Any = frontend.get_default_settings(_StatesParser)
    vars(settings).update(_SETTINGS)
    return settings


# Made once, at import: docutils changes Python's warning filters while it makes or copies them, which threads must not.
_DEFAULTS = _settings()
