"""Forms: the types of their fields without what forms and reducers say of them, and their descriptions as text."""

from __future__ import annotations

from typing import Any, get_args

from pydantic.fields import FieldInfo
from sphinx.application import Sphinx
from typing_extensions import get_type_hints

import langgraph_quorum

FORMS = ("QuorumBranches", "QuorumContext", "QuorumInput", "QuorumOutput")
AFTER = 900
"""Behind napoleon, which listens at the priority 500."""


def _descriptions(form: type) -> dict[str, str]:
    """By field, what a form says of it."""
    found = {}
    for name, hint in get_type_hints(form, include_extras=True).items():
        pending = [hint]
        while pending:
            one = pending.pop()
            pending += get_args(one)
            if isinstance(one, FieldInfo) and one.description:
                found[name] = one.description
    return found


def _bare(app: Sphinx) -> None:
    """Leave the types alone in the annotations of forms, for as long as this build goes on."""
    for name in FORMS:
        form = getattr(langgraph_quorum, name)
        app.config.form_fields[f"langgraph_quorum.{name}"] = _descriptions(form)
        form.__annotations__ = get_type_hints(form)
        if hasattr(form, "__dataclass_fields__"):
            form.__init__.__annotations__ = {**get_type_hints(form), "return": None}


def _describe(app: Sphinx, what: str, name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    if what == "class":
        said = app.config.form_fields.get(name, {})
        lines += ["", *(f":ivar {field}: {text}" for field, text in said.items()), ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_config_value("form_fields", {}, "", types=[dict])
    app.connect("builder-inited", _bare)
    app.connect("autodoc-process-docstring", _describe, priority=AFTER)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
