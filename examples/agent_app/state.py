"""What the desk works with: clauses, findings in them, and what the agent may ask to be reviewed."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Clause:
    number: str
    section: str
    text: str


class Finding(BaseModel):
    severity: Severity
    clause: str = Field(description="Number of the clause, such as 3.1; empty where something is missing altogether.")
    problem: str = Field(description="What the customer should know, in one sentence.")


class Reading(BaseModel):
    """What a specialist gives back."""

    contract: str
    clauses: int
    findings: list[Finding]


class Review(BaseModel):
    """What a person approves, or edits."""

    contract: str
    findings: list[Finding]

    def text(self) -> str:
        """Lines for people and models."""
        lines = [f"- {one.severity}, clause {one.clause or '-'}: {one.problem}" for one in self.findings]
        return "\n".join([f"{self.contract}: {len(lines)} findings", *lines])


class Opinion(BaseModel):
    """What a chat model is asked for."""

    findings: list[Finding]
    confidence: float = Field(ge=0, le=1, description="How sure you are that nothing important is missing, 0 to 1.")


class ReviewRequest(BaseModel):
    """What the agent gives to the tool."""

    contract: str = Field(description="File name of the contract, for instance hosting.md.")
    concern: str = Field(default="", description="What the user worries about most, in their own words.")
