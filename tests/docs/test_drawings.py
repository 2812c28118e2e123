"""The page about Studio shows every shipped graph as the library draws it."""

from __future__ import annotations

import pytest

from tests.docs.drawing import STUDIO, named_in, shipped_drawings, with_drawings

DRAWINGS = shipped_drawings()


def test_each_shipped_graph_is_on_the_page() -> None:
    assert named_in(STUDIO.read_text("utf-8")).keys() == DRAWINGS.keys()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_what_the_library_draws(name: str) -> None:
    assert named_in(STUDIO.read_text("utf-8"))[name] == DRAWINGS[name]


def test_a_drawing_that_is_out_of_date_is_written_anew_and_nothing_else() -> None:
    old = "before\n<!-- drawing of a: made -->\n```mermaid\nold\n```\nafter\n"
    assert with_drawings(old, {"a": "new\n"}) == old.replace("old", "new")
