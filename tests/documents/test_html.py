"""HTML."""

import pytest

from langgraph_quorum.nodes.documents import Document, parse
from langgraph_quorum.nodes.documents.html import read_html
from langgraph_quorum.state.errors import DocumentError


def html(text: str) -> Document:
    return parse(text.encode(), source="page.html")


def shapes(document: Document) -> list[tuple[str, int, str, int, int]]:
    return [
        (block.kind, block.level, block.text, block.place["line"], block.place["end_line"]) for block in document.blocks
    ]


def rules(document: Document) -> list[tuple[str, int]]:
    return [(fault.rule, fault.place["line"]) for fault in document.faults]


PAGE = """<!DOCTYPE html>
<html><head><title>My
 page</title><meta name="author" content="Ann"><script>var x = "<p>no</p>";</script></head>
<body>
<nav><a href="/">home</a></nav>
<h1>Head <em>one</em></h1>
<p>First with <a
   href="x.html">a
link</a> &amp; more.
<p>

   Second.
<div>Loose
  <ul>
    <li>one
    <li>two <b>bold</b>
      <ol><li>nested</li></ol>
    <li><p>para one</p><p>para two</p>
  </ul>
</div>
<blockquote>Quoted
    words</blockquote>
<pre><code class="language-python">
def f():
    return 1 &lt; 2
</code></pre>
</body></html>
"""


def test_a_page_is_blocks_on_their_lines() -> None:
    document = html(PAGE)
    assert document.title == "My page"
    assert shapes(document) == [
        ("metadata", 0, "author: Ann", 3, 3),
        ("heading", 1, "Head one", 6, 6),
        ("paragraph", 0, "First with a\nlink & more.", 7, 9),
        ("paragraph", 0, "Second.", 12, 12),
        ("paragraph", 0, "Loose", 13, 13),
        ("list_item", 1, "one", 15, 15),
        ("list_item", 1, "two bold", 16, 16),
        ("list_item", 2, "nested", 17, 17),
        ("list_item", 1, "para one", 18, 18),
        ("list_item", 1, "para two", 18, 18),
        ("quote", 0, "Quoted\nwords", 21, 22),
        ("code", 0, "def f():\n    return 1 < 2", 24, 25),
    ]
    assert document.blocks[-1].language == "python"
    assert document.raw_lines[5] == "<h1>Head <em>one</em></h1>"


def test_a_page_whose_end_tags_may_be_left_out_has_no_faults() -> None:
    assert html(PAGE).faults == ()


def test_scripts_styles_and_navigation_are_not_read_nor_their_links() -> None:
    document = html(PAGE)
    assert [(link.target, link.text, link.place["line"]) for link in document.links] == [("x.html", "a link", 7)]


def test_tables_are_rows_of_cells_with_their_caption_before() -> None:
    document = html(
        "<p>x\n<table>\n<caption>Cap</caption>\n<tr><th>A<th>B\n"
        "<tr><td>1</td><td><p>x</p>\n<table><tr><td>in</table></td></tr>\n</table>"
    )
    assert shapes(document)[1:] == [("paragraph", 0, "Cap", 3, 3), ("table", 0, "A | B\n1 | x in", 2, 7)]


def test_what_is_broken_is_told_with_its_line() -> None:
    document = html(
        '<h1 id="a">T</h1>\n<img src="i.png">\n<div><p>x</p>\n<h3 id="a">S</h3>\n<h2></h2>\n'
        '<a href="q"></a><a href="">x</a>\n<p>y</span> <b>z</p>\n'
    )
    assert rules(document) == [
        ("image-alt", 2),
        ("unclosed-element", 3),  # <div>, which only the end of the file ends
        ("duplicate-id", 4),
        ("heading-order", 4),
        ("empty-heading", 5),
        ("link-name", 6),
        ("link-target", 6),
        ("stray-end-tag", 7),
        ("unclosed-element", 7),  # <b>, which </p> ends
    ]
    assert {fault.rule: fault.place["section"] for fault in document.faults}["image-alt"] == "T"


def test_an_image_with_alt_text_names_its_link() -> None:
    document = html('<p>x <a href="q"><img src="z" alt="Zed"></a></p>')
    assert [(link.target, link.text) for link in document.links] == [("q", "Zed")]
    assert document.faults == ()


def test_a_division_inside_a_heading_is_part_of_it() -> None:
    assert shapes(html("<h2>Fn <div>where</div></h2><p>x")) == [
        ("heading", 2, "Fn where", 1, 1),
        ("paragraph", 0, "x", 1, 1),
    ]


def test_an_unclosed_heading_ends_at_the_next_list() -> None:
    document = html("<h2>Open\n<ul><li>x</ul>")
    assert shapes(document) == [("heading", 2, "Open", 1, 1), ("list_item", 1, "x", 2, 2)]
    assert rules(document) == [("unclosed-element", 1)]


def test_a_highlighter_s_wrapper_names_the_language() -> None:
    document = html('<div class="highlight-c notranslate"><div><pre>int x;</pre></div></div><pre>y</pre>')
    assert [(block.text, block.language) for block in document.blocks] == [("int x;", "c"), ("y", "")]


def test_a_page_without_text_is_named_by_its_first_heading_or_its_file() -> None:
    assert html("<h1>Top</h1>").title == "Top"
    assert html("<p>x").title == "page.html"


@pytest.mark.parametrize("piece", ["<a ", "<!-- ", "<p><!--"])
def test_markup_that_is_never_closed_is_refused_at_once_and_not_read_for_minutes(piece: str) -> None:
    with pytest.raises(DocumentError, match=r"never closed.*\.txt"):
        read_html("page.html", "<h1>Title</h1>" + piece * 20_000)
