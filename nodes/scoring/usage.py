"""What asking a model has taken: calls, tokens, and their price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What a model takes for a million tokens, in the application's currency.

    Attributes:
        input: For tokens that it reads, from 0. Cheaper ones, read from a cache, count like all others.
        output: For tokens that it writes, from 0.
    """

    input: float
    output: float

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            mend = "give the price of a million tokens, from 0"
            require(ConfigurationError, f"price.{name}", getattr(self, name), lambda x: 0 <= x < math.inf, mend)


class UsageRecord(TypedDict):
    """A `Usage` in JSON primitives."""

    calls: int
    silent: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    """None without a price, or when no call told its tokens."""


@dataclass(slots=True)
class Usage:
    """Counts what calls of a model have taken.

    Attributes:
        calls: Calls that were begun.
        silent: Calls that told no tokens: those that failed, and all of a model that tells none.
        input_tokens: Of the calls that told.
        output_tokens: Of the calls that told.
    """

    calls: int = 0
    silent: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def begin(self) -> None:
        """A call is begun; until `told` it counts as silent."""
        self.calls += 1
        self.silent += 1

    def told(self, message: Any) -> None:
        """Take down what the model's message tells of its tokens, if it does."""
        metadata = getattr(message, "usage_metadata", None)
        if metadata:
            self.silent -= 1
            self.input_tokens += metadata["input_tokens"]
            self.output_tokens += metadata["output_tokens"]

    def cost(self, price: Price | None) -> float | None:
        """Of the calls that told their tokens; None without a price, or when none did."""
        if price is None or self.silent == self.calls:
            return None
        return (self.input_tokens * price.input + self.output_tokens * price.output) / MILLION

    def record(self, price: Price | None) -> UsageRecord:
        """The same in JSON primitives."""
        return UsageRecord(
            calls=self.calls,
            silent=self.silent,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost(price),
        )

    def line(self, price: Price | None) -> str:
        """The same in words."""
        told = f"{self.calls} calls of the model" if self.calls != 1 else "1 call of the model"
        if self.silent < self.calls:
            told += f", {self.input_tokens} tokens read, {self.output_tokens} written"
        if self.silent:
            told += f", {self.silent} without a count of tokens"
        cost = self.cost(price)
        return told if cost is None else f"{told}, cost {cost:.6g}"
