"""Finding the lines of a block in the file."""

import re

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.documents.lines import LineFinder, split_lines


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), max_size=9))
def test_lines_are_parted_by_line_ends_only(lines: list[str]) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert split_lines(end.join(lines)) == tuple(lines)
        assert split_lines("".join(line + end for line in lines)) == tuple(lines)


def test_the_same_text_is_found_again_further_down() -> None:
    finder = LineFinder(["- x", "- x", "", "x"])
    assert [finder.find("x") for _ in range(3)] == [(1, 1), (2, 2), (4, 4)]


def test_a_true_hint_wins_over_an_earlier_line_and_a_false_one_loses() -> None:
    assert LineFinder(["x", "x"]).find("x", hint=2) == (2, 2)
    assert LineFinder(["", "x", "y"]).find("x", hint=3) == (2, 2)


def test_a_hint_above_the_previous_block_is_ignored() -> None:
    finder = LineFinder(["x", "y", "x"])
    finder.find("y")
    assert finder.find("x", hint=1) == (3, 3)


def test_all_lines_of_the_block_must_stand_there() -> None:
    assert LineFinder(["a", "b", "  a", "  c"]).find("a\nc") == (3, 4)


def test_a_marker_may_precede_but_not_be_part_of_a_word() -> None:
    assert LineFinder(["concept", ".. note:: cept"]).find("cept") == (2, 2)


def test_text_that_stands_nowhere_gets_the_hinted_line_within_the_file() -> None:
    assert LineFinder(["a", "b"]).find("z", hint=2) == (2, 2)
    assert LineFinder(["a", "b"]).find("z", hint=99) == (2, 2)
    assert LineFinder([]).find("z") == (1, 1)


def test_cells_share_lines_and_rules_belong_to_the_table() -> None:
    finder = LineFinder(["", "== ==", "a  b", "== ==", "c  d", "== ==", "", "a"])
    assert finder.find_cells([("a", None), ("b", None), ("c", None), ("d", None)]) == [(3, 3), (3, 3), (5, 5), (5, 5)]
    assert finder.with_rules(3, 5) == (2, 6)
    assert finder.find("a") == (8, 8)


def test_a_pattern_is_found_below_the_previous_block() -> None:
    finder = LineFinder([":a: 1", ":a: 2"])
    finder.find("1")
    assert finder.find_line(re.compile(":a:")) == 2
    assert finder.find_line(re.compile(":b:")) is None
