"""Roles and directives of Sphinx and PEPs: no faults, and no text lost."""

import pytest

from langgraph_quorum.nodes.documents import Document, parse


def rst(text: str) -> Document:
    return parse(text.encode(), source="a.rst")


@pytest.mark.parametrize(
    ("markup", "text", "target"),
    [
        (":pep:`257`", "PEP 257", "https://peps.python.org/pep-0257/"),
        (":pep:`its rules <8#names>`", "its rules", "https://peps.python.org/pep-0008/#names"),
        (":rfc:`2822`", "RFC 2822", "https://datatracker.ietf.org/doc/html/rfc2822"),
        (":func:`asyncio.run`", "asyncio.run", "func:asyncio.run"),
        (":py:meth:`~asyncio.Task.cancel`", "cancel", "meth:asyncio.Task.cancel"),
        (":ref:`the label <there>`", "the label", "ref:there"),
        (":doc:`/guide`", "/guide", "doc:/guide"),
        (":term:`event loop`", "event loop", "term:event loop"),
    ],
)
def test_references_become_text_and_link(markup: str, text: str, target: str) -> None:
    document = rst(f"See {markup} now.\n")
    assert document.blocks[0].text == f"See {text} now."
    assert [(link.target, link.text) for link in document.links] == [(target, text)]
    assert document.faults == ()


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (":class:`!Hidden`", "Hidden"),
        (":env:`HOME`", "HOME"),
        (":file:`/etc/x`", "/etc/x"),
        (":kbd:`Ctrl-C`", "Ctrl-C"),
        (":guilabel:`OK`", "OK"),
        (":abbr:`LIFO (last in)`", "LIFO (last in)"),
        (":emphasis:`docutils' own`", "docutils' own"),
        (":sub:`2`", "2"),
    ],
)
def test_other_roles_become_text(markup: str, text: str) -> None:
    document = rst(f"See {markup} now.\n")
    assert document.blocks[0].text == f"See {text} now."
    assert (document.links, document.faults) == ((), ())


def test_a_pep_without_a_number_is_a_fault() -> None:
    assert "PEP number must be a number" in rst("See :pep:`eight`.\n").faults[0].message


def test_unknown_roles_stay_faults_and_keep_their_text() -> None:
    document = rst("See :bogus:`this`.\n")
    assert document.blocks[0].text == "See :bogus:`this`."
    assert [fault.message for fault in document.faults] == ['Unknown interpreted text role "bogus".']


def test_roles_a_document_defines_are_known_to_it() -> None:
    document = rst(
        ".. role:: py(code)\n   :language: python\n\n.. role:: html(raw)\n   :format: html\n\n:py:`x = 1`:html:`<b>`\n"
    )
    assert [block.text for block in document.blocks] == ["x = 1"]
    assert document.faults == ()


@pytest.mark.parametrize(
    ("directive", "texts"),
    [
        (".. versionadded:: 3.5\n   New *thing*.\n", ["New thing."]),
        (".. versionchanged:: 3.5 Was old.\n", ["Was old."]),
        (".. deprecated-removed:: 3.8 3.10 Use that.\n\n   More.\n", ["Use that.", "More."]),
        (".. seealso:: This.\n\n   - that\n", ["This.", "that"]),
        (".. canonical-doc:: :ref:`here`\n\n   See it.\n", ["here", "See it."]),
        (".. note:: Mind\n   this.\n", ["Mind\nthis."]),
        (".. admonition:: Said\n\n   Text.\n", ["Said", "Text."]),
        (".. only:: html\n\n   Text.\n", ["Text."]),
        (".. figure:: a.png\n   :alt: x\n\n   Caption.\n\n   Legend.\n", ["Caption.", "Legend."]),
        (".. rubric:: Aside\n", ["Aside"]),
    ],
)
def test_prose_in_directives_is_read_on_its_own_lines(directive: str, texts: list[str]) -> None:
    document = rst(f"Before.\n\n{directive}\nBehind.\n")
    assert [block.text for block in document.blocks] == ["Before.", *texts, "Behind."]
    assert document.faults == ()
    for block in document.blocks:
        assert block.text.split()[0] in document.raw_lines[block.place["line"] - 1]


def test_signatures_are_code_and_their_descriptions_prose() -> None:
    document = rst(
        ".. method:: run(a)\n            stop()\n\n   Runs *it*.\n\n"
        "   .. attribute:: x\n      :type: int\n\n.. class:: Foo(*, a)\n\n   A class.\n"
    )
    assert [(block.kind, block.text.split()[0], block.place["line"]) for block in document.blocks] == [
        ("code", "run(a)", 1),
        ("paragraph", "Runs", 4),
        ("code", "x", 6),
        ("code", "Foo(*,", 9),
        ("paragraph", "A", 11),
    ]
    assert document.faults == ()


def test_docutils_class_directive_still_dresses_paragraphs() -> None:
    document = rst(".. class:: wide\n\n   A paragraph.\n")
    assert [(block.kind, block.text) for block in document.blocks] == [("paragraph", "A paragraph.")]


def test_instructions_to_tools_are_no_text() -> None:
    document = rst(
        "Title\n=====\n\n.. contents:: Table of contents\n\n.. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\n"
        ".. index:: pair: a; b\n\n.. highlight:: c\n\n.. autofunction:: f\n\n.. sectnum::\n\nText.\n"
    )
    assert [block.text for block in document.blocks] == ["Title", "Text."]
    assert document.faults == ()


def test_unknown_directives_stay_faults() -> None:
    document = rst("Before.\n\n.. bogus:: x\n\n   Text.\n\nBehind.\n")
    assert [fault.message for fault in document.faults] == ['Unknown directive type "bogus".']
    assert [(block.text, block.place["line"]) for block in document.blocks] == [("Before.", 1), ("Behind.", 7)]
