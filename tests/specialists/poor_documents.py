"""Documents that give a specialist little to go by, each under a name that says why."""

from __future__ import annotations

from langgraph_quorum.nodes.documents.model import Block, Document, Link, Place
from tests.specialists.samples import made


def in_one_paragraph(text: str) -> Document:
    return made(("paragraph", text))


WITHOUT_PROSE = {
    "nothing": made(),
    "only code": made(("code", "x = must(1)")),
    "only broken code": made(("code", "x = (1")),
    "only code with a comment": made(("code", "x = 1  # unfinished")),
    "only a table": made(("table", "a | b\n1 | 2")),
    "code and a table": made(("code", "def event_loop(): ..."), ("table", "a | b")),
    "code and a table of feelings": made(("code", "raise Horrible('ugly')"), ("table", "good | bad")),
}

ONE_LINE = {
    text: in_one_paragraph(text)
    for text in (
        "x",
        "…",
        "Yes.",
        "Hello.",
        "One line.",
        "The and of.",
        "The cat sat on the mat.",
        "This is a wonderful library.",
        "A single line about event loops.",
        "The library closes at eight on working days.",
    )
}

FOREIGN = {
    "German": in_one_paragraph(
        "Die Katze sitzt auf dem Dach und schaut in den Garten, weil dort ein Vogel singt. "
        "Niemand weiß, warum der Hund heute so laut bellt und nicht schlafen will."
    ),
    "German of lawyers": in_one_paragraph(
        "Diese Vorschrift bindet alle Mitarbeiter der Firma und gilt ab dem ersten Tag des Monats."
    ),
    "German in paragraphs": made(
        ("paragraph", "Die neue Brücke über die Elbe wird im Frühjahr für den Verkehr geöffnet."),
        ("paragraph", "Der Verkehr auf der alten Brücke hat sich in zehn Jahren verdoppelt."),
        ("paragraph", "Im Winter bleibt die alte Brücke für schwere Fahrzeuge gesperrt."),
        ("paragraph", "Die Stadt rechnet mit weniger Verkehr auf der alten Brücke im Zentrum."),
    ),
    "French": in_one_paragraph(
        "Le chat est assis sur le toit et regarde dans le jardin, parce que les oiseaux y chantent. "
        "Personne ne sait pourquoi le chien aboie si fort et ne veut pas dormir cette nuit."
    ),
    "Spanish": in_one_paragraph(
        "El gato se sienta en el tejado y mira el jardín porque los pájaros cantan allí. "
        "Nadie sabe por qué el perro ladra tan fuerte y no quiere dormir esta noche."
    ),
}

TOO_SHORT_TO_TELL = {"five words of Russian": in_one_paragraph("Это предложение написано не по-английски.")}
"""Not English, in fewer words than a language is told by."""

NO_PROSE_OF_ENGLISH = {
    name: in_one_paragraph(text)
    for name, text in {
        "one letter": "A" * 20_000,
        "names only": "Aa Bb " * 5_000,
        "brackets": "(" * 2_000 + ")" * 2_000,
        "one compound": "word-" * 5_000,
        "Chinese": "\u8fd9\u662f\u4e00\u4e2a\u7528\u4e2d\u6587\u5199\u7684\u6587\u6863\u3002" * 50,
        "Arabic": "\u0647\u0630\u0627 \u0645\u0633\u062a\u0646\u062f. " * 50,
        "an empty paragraph": "",
    }.items()
}

HUGE_PARAGRAPH = {
    "one sentence over and over": in_one_paragraph("The event loop runs the callback of the transport. " * 3000),
    "one endless sentence": in_one_paragraph("The loop runs the callback which returns the value, " * 1000),
}


def _on(page: int, section: str) -> Place:
    return {"section": section, "page": page}


CONTRACT = Document(
    "contract.pdf", "pdf", "Contract",
    (
        Block("heading", "Duties", _on(3, "Duties"), 1),
        Block("paragraph", "The tenant shall pay by 1 March 2024.", _on(3, "Duties")),
    ),
)  # fmt: skip
PAPER_WITH_FAULTS = Document(
    "paper.pdf", "pdf", "Paper",
    (
        Block("heading", "1 Introduction", _on(1, "1 Introduction"), 1),
        Block("paragraph", "See the web.", _on(1, "1 Introduction")),
        Block("code", "def f(:\n    return 1", _on(2, "1 Introduction"), language="python"),
    ),
    (Link("http://", "web", _on(1, "1 Introduction")),),
)  # fmt: skip
UNFINISHED_PAPER = Document(
    "paper.pdf", "pdf", "Paper",
    (
        Block("heading", "Results", _on(4, "Results"), 1),
        Block("paragraph", "The numbers are TBD.", _on(4, "Results")),
        Block("heading", "Discussion", _on(4, "Discussion"), 1),
    ),
)  # fmt: skip
ESSAY = Document(
    "paper.pdf", "pdf", "Sand",
    (
        Block("paragraph", "Rivers carry sand to the sea.", _on(1, "")),
        Block("paragraph", "The sea returns sand to the coast.", _on(2, "")),
        Block("paragraph", "Dunes keep the sand on the coast.", _on(3, "")),
    ),
)  # fmt: skip

OF_PAGES = {
    "a contract of pages": CONTRACT,
    "a paper with faults, of pages": PAPER_WITH_FAULTS,
    "an unfinished paper, of pages": UNFINISHED_PAPER,
    "an essay of pages": ESSAY,
}
"""As a reader of PDF gives them: places are pages, there are no lines."""

POOR_DOCUMENTS = (
    WITHOUT_PROSE | ONE_LINE | FOREIGN | TOO_SHORT_TO_TELL | NO_PROSE_OF_ENGLISH | HUGE_PARAGRAPH | OF_PAGES
)
