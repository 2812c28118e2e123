"""What the sample PEPs demand, decide and leave to do, as a careful reader sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.business import analyse
from langgraph_quorum.nodes.specialists.document.dates import dates
from langgraph_quorum.nodes.specialists.document.decisions import decisions
from langgraph_quorum.nodes.specialists.document.obligations import obligations
from langgraph_quorum.nodes.specialists.document.report import Report
from tests.specialists.poor_documents import CONTRACT
from tests.specialists.reports import of_kind
from tests.specialists.samples import made, pep, written


def demands(document: Document) -> dict[str, tuple[str, bool]]:
    """Each binding sentence with its strength, and whether it forbids."""
    return {one.sentence.text: (one.strength, one.forbids) for one in reversed(obligations(document))}


def facts(report: Report, kind: str, *names: str) -> list[tuple[object, ...]]:
    return [tuple(finding["data"][name] for name in names) for finding in of_kind(report, kind)]


def test_the_rules_every_python_programmer_quotes_are_obligations_of_pep_8() -> None:
    found = demands(pep(8))
    assert found["Use 4 spaces per indentation level."] == ("should", False)
    assert found["Limit all lines to a maximum of 79 characters."] == ("should", False)
    assert found["Imports should usually be on separate lines:"] == ("should", False)
    assert found["Always use self for the first argument to instance methods."] == ("must", False)
    assert found["Avoid trailing whitespace anywhere."] == ("should", True)
    assert next(value for text, value in found.items() if text.startswith("Never use the characters 'l'")) == (
        "must",
        True,
    )


def test_the_capital_must_and_should_of_pep_8_bind_all_identifiers() -> None:
    both = [
        one for one in obligations(pep(8)) if one.sentence.text.startswith("All identifiers in the Python standard")
    ]
    assert [(one.strength, one.subject) for one in both] == [
        ("must", "All identifiers in the Python standard library"),
        ("should", "All identifiers in the Python standard library"),
    ]


def test_good_reasons_to_ignore_a_guideline_are_no_obligations_of_pep_8() -> None:
    texts = demands(pep(8))
    assert not any("would make the code less readable" in text for text in texts)
    assert "In Python, single-quoted strings and double-quoted strings are the same." not in texts


def test_pep_257_binds_docstrings_above_all() -> None:
    first = of_kind(analyse(pep(257)), "bound_party")[0]
    assert first["data"]["party"] == "docstring"
    assert first["value"] >= 8
    assert demands(pep(257))['For consistency, always use """triple double quotes""" around docstrings.'] == (
        "must",
        False,
    )


def test_pep_3156_demands_of_event_loops_and_their_callers() -> None:
    found = demands(pep(3156))
    accepting = "All event loop methods documented as accepting coroutine arguments must accept both Futures"
    assert next(value for text, value in found.items() if text.startswith(accepting)) == ("must", False)
    assert found["It should never return None."] == ("should", True)
    assert found["The Future must not be done (nor cancelled) already."] == ("must", True)


def test_what_pep_3156_merely_describes_or_expects_is_no_obligation() -> None:
    texts = demands(pep(3156))
    assert not any(text.startswith("It should be easy for") for text in texts)
    assert not any(text.startswith("However, there is no requirement that all transports") for text in texts)
    assert not any(text.startswith(("Return ", "Set the default", "Add a callback")) for text in texts)


def test_the_zen_demands_that_errors_never_pass_silently() -> None:
    assert demands(pep(20))["Errors should never pass silently."] == ("should", True)


@pytest.mark.parametrize(
    ("number", "status"),
    [(8, "Active"), (20, "Active"), (257, "Active"), (492, "Final"), (654, "Final"), (3156, "Final")],
)
def test_the_status_is_that_of_the_header(number: int, status: str) -> None:
    assert facts(analyse(pep(number)), "status", "value") == [(status,)]


def test_pep_492_was_accepted_by_guido_in_may_2015() -> None:
    own = [one for one in decisions(pep(492)) if one.about == "this document" and one.when]
    assert [(one.outcome, one.who, one.when) for one in own] == [("accepted", "Guido", "2015-05-05")]


def test_pep_654_was_accepted_by_thomas_wouters_and_rejected_several_ideas() -> None:
    found = decisions(pep(654))
    assert ("accepted", "Thomas Wouters", "2021-09-24") in [(one.outcome, one.who, one.when) for one in found]
    rejected = [one.quote for one in found if one.outcome == "rejected"]
    assert "This option was rejected because it adds complexity without adding useful semantics." in rejected
    assert "We rejected this because it would be less obvious." in rejected


def test_pep_3152_is_another_document_that_was_rejected() -> None:
    other = [one for one in decisions(pep(492)) if one.about == "another document"]
    assert (other[0].outcome, other[0].place.get("line")) == ("rejected", 112)
    assert all("PEP 492" not in one.quote for one in other)


def test_an_accepted_connection_is_no_decision_of_pep_3156() -> None:
    assert not any("requests" in one.quote or "connection" in one.quote for one in decisions(pep(3156)))


def test_guido_wrote_and_antoine_pitrou_decided_on_pep_3156() -> None:
    assert facts(analyse(pep(3156)), "person", "name", "role", "mail") == [
        ("Guido van Rossum", "author", "guido@python.org"),
        ("Antoine Pitrou", "decides", "antoine@python.org"),
    ]


def test_pep_8_has_three_authors() -> None:
    names = [name for (name,) in facts(analyse(pep(8)), "person", "name")]
    assert names == ["Guido van Rossum", "Barry Warsaw", "Alyssa Coghlan"]


def test_the_dates_of_pep_492_mean_what_its_header_and_its_text_say() -> None:
    found = [(one.iso, one.meaning) for one in dates(pep(492))]
    assert found[0] == ("2015-04-09", "created")
    assert [iso for iso, meaning in found if meaning == "posted for discussion"] == [
        "2015-04-17", "2015-04-21", "2015-04-27", "2015-04-29", "2015-05-05",
    ]  # fmt: skip
    assert ("2015-05-11", "committed") in found


def test_the_month_of_may_is_not_the_verb() -> None:
    assert [one.iso for one in dates(pep(8))] == ["2001-07-05", "2001-07-05", "2013-08-01"]


def test_pep_3156_leaves_two_marked_tasks_and_a_wish_for_python_3_5() -> None:
    found = facts(analyse(pep(3156)), "action_item", "form", "when")
    assert [form for form, _ in found].count("mark") == 2
    assert ("promise", "in Python 3.5") in found


def test_the_required_changes_of_pep_492_are_things_to_do() -> None:
    quotes = [finding["quote"] for finding in of_kind(analyse(pep(492)), "action_item")]
    assert "Modify @asyncio.coroutine decorator to use new types.coroutine() function." in quotes
    assert "In 3.7 we will transform them to proper keywords." in quotes


def test_pep_8_leaves_nothing_to_do() -> None:
    assert of_kind(analyse(pep(8)), "action_item") == []


def test_the_purpose_of_each_pep_is_in_its_own_words() -> None:
    assert of_kind(analyse(pep(8)), "purpose")[0]["quote"].startswith("This document gives coding conventions")
    assert of_kind(analyse(pep(654)), "purpose")[0]["quote"].startswith("This document proposes language extensions")
    assert of_kind(analyse(pep(20)), "purpose") == []  # the copyright notice is not what it is for


def test_minutes_name_who_does_what_until_when(tmp_path: Path) -> None:
    text = "# Minutes\n\nThe budget was approved by Ann Lee.\n\nBob Ray to send the draft by Friday.\n"
    report = analyse(written(tmp_path, "minutes.md", text))
    assert facts(report, "action_item", "who", "what", "when") == [("Bob Ray", "send the draft", "Friday")]
    assert facts(report, "decision", "outcome", "who") == [("accepted", "Ann Lee")]


def test_conditions_and_questions_are_neither_decided_nor_demanded() -> None:
    document = made(
        ("paragraph", "If the proposal is rejected, we stop. Should it be accepted? Whether users must agree is open."),
        ("paragraph", "The weather was nice and nobody had to leave the house before noon on that day."),
    )
    assert decisions(document) == []
    assert obligations(document) == []


def test_a_dateless_day_is_no_date() -> None:
    assert dates(made(("paragraph", "You may 10 times call it, version 3.10, on 31 February 2020, in 2012-13."))) == []


def test_pages_instead_of_lines_are_no_obstacle() -> None:
    report = analyse(CONTRACT)
    assert [finding["where"] for finding in of_kind(report, "obligation")] == [{"section": "Duties", "page": 3}]
    assert facts(report, "date", "date") == [("2024-03-01",)]
