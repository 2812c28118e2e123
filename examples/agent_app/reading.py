"""Contracts from a folder, read clause by clause."""

import re
from pathlib import Path

from langchain_core.tools import ToolException

from state import Clause

FOLDER = Path("contracts")
SECTION = re.compile(r"## \d+\. (.+)")
CLAUSE = re.compile(r"(\d+\.\d+) (.+)", re.DOTALL)


class NoContractError(ToolException):
    """There is no such contract. The agent reads the message."""


def find_contract(name: str) -> Path:
    """The file of a contract.

    Raises:
        NoContractError: naming those that there are.
    """
    known = {path.name: path for path in FOLDER.glob("*.md")}
    if name not in known:
        raise NoContractError(f"{name!r} is not in the folder {FOLDER}, but: {', '.join(sorted(known)) or 'nothing'}")
    return known[name]


def read_contract(name: str) -> list[Clause]:
    """The clauses of a contract: paragraphs that begin with a number, 3.1, under headings such as `## 3. Fees`."""
    section, clauses = "", []
    for paragraph in find_contract(name).read_text("utf-8").split("\n\n"):
        if heading := SECTION.fullmatch(paragraph.strip()):
            section = heading[1]
        elif clause := CLAUSE.fullmatch(paragraph.strip()):
            clauses.append(Clause(clause[1], section, " ".join(clause[2].split())))
    return clauses
