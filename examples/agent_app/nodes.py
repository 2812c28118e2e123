"""The specialists' rules, from the customer's side: each takes the clauses of a contract and gives findings."""

import re
from collections.abc import Iterator, Sequence

from state import Clause, Finding

LEAST_DAYS_TO_PAY, MOST_DAYS_OF_NOTICE, MOST_INTEREST = 30, 60, 9.0
PRIVACY = {
    "sub-processor": "nothing is said about sub-processors",
    "delet": "nothing is said about deleting personal data at the end",
    "hours": "no number of hours is set for reporting a breach",
}
VAGUE = re.compile(r"reasonable efforts|best efforts|promptly|from time to time", re.IGNORECASE)


def time(clauses: Sequence[Clause]) -> Iterator[Finding]:
    """Periods of payment, renewal and notice."""
    for clause in clauses:
        days = [int(number) for number in re.findall(r"(\d+) days", clause.text)]
        if "pay" in clause.text and days and min(days) < LEAST_DAYS_TO_PAY:
            yield _finding("medium", clause, f"{min(days)} days to pay; ask for {LEAST_DAYS_TO_PAY}")
        if "renew" in clause.text and "automatically" in clause.text:
            long = bool(days) and max(days) > MOST_DAYS_OF_NOTICE
            notice = f"with {max(days)} days' notice" if days else "and no notice is named"
            yield _finding("high" if long else "medium", clause, f"it renews by itself, {notice}")


def money(clauses: Sequence[Clause]) -> Iterator[Finding]:
    """Liability, prices that rise, and interest."""
    if not any("liab" in clause.text and "limited to" in clause.text for clause in clauses):
        yield Finding(severity="high", clause="", problem="no clause limits anybody's liability to an amount")
    for clause in clauses:
        if "without limit" in clause.text or "unlimited" in clause.text:
            yield _finding("high", clause, "an obligation without limit")
        if "increase" in clause.text and "%" not in clause.text:
            yield _finding("medium", clause, "prices may rise by any amount")
        for rate in re.findall(r"([\d.]+) ?% per month", clause.text):
            if 12 * float(rate) > MOST_INTEREST:
                yield _finding("medium", clause, f"{12 * float(rate):g}% interest a year")


def privacy(clauses: Sequence[Clause]) -> Iterator[Finding]:
    """What a contract that lets somebody process personal data should say."""
    concerned = [clause for clause in clauses if "personal data" in clause.text]
    text = " ".join(clause.text.lower() for clause in concerned)
    for word, problem in PRIVACY.items():
        if concerned and word not in text:
            yield _finding("high", concerned[0], problem)


def drafting(clauses: Sequence[Clause]) -> Iterator[Finding]:
    """References that lead nowhere, terms that nobody uses, words that mean little."""
    numbers = {clause.number for clause in clauses}
    text = " ".join(clause.text for clause in clauses)
    for clause in clauses:
        for number in re.findall(r"clauses? (\d+\.\d+)", clause.text):
            if number not in numbers:
                yield _finding("high", clause, f"it refers to clause {number}, which does not exist")
        for term in re.findall(r'"([^"]+)"', clause.text):
            if text.count(term) == 1:
                yield _finding("low", clause, f'"{term}" is defined and never used')
        for words in VAGUE.findall(clause.text):
            yield _finding("low", clause, f'"{words}" says little')


def _finding(severity: str, clause: Clause, problem: str) -> Finding:
    return Finding.model_validate({"severity": severity, "clause": clause.number, "problem": problem})
