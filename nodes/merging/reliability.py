"""How reliable each specialist is, estimated from the labels that all have given (Dawid & Skene 1979), by crowd-kit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from langgraph_quorum.state.errors import MissingExtraError

Answer: TypeAlias = tuple[str, str, str]
"""An item, a specialist, and the label given, spelled."""

_ROUNDS = 100
_DIGITS = 9


class Reliability(NamedTuple):
    """What the model has learned.

    Attributes:
        probabilities: By item, the probability of each label that any item has, 0..1.
        accuracies: By specialist, the estimated chance to give the true label, 0..1.
    """

    probabilities: dict[str, dict[str, float]]
    accuracies: dict[str, float]


def reliability(answers: Sequence[Answer]) -> Reliability:
    """Fit the model. The order of the answers does not matter.

    Args:
        answers: At least one; several of one specialist on one item count each.

    Raises:
        MissingExtraError: without the extra `consensus`.
    """
    try:
        import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415
        from crowdkit.aggregation import DawidSkene  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("consensus", "Dawid-Skene") from error
    frame = pd.DataFrame(sorted(answers), columns=["task", "worker", "label"])
    model = DawidSkene(n_iter=_ROUNDS).fit(frame)
    rows, priors, errors = model.probas_, model.priors_, model.errors_
    if rows is None or priors is None or errors is None:
        raise RuntimeError("crowd-kit has fitted nothing")
    labels = [str(label) for label in rows.columns]
    probabilities = {
        str(item): dict(zip(labels, [round(float(one), _DIGITS) for one in row], strict=True))
        for item, row in zip(rows.index, rows.to_numpy(), strict=True)
    }
    accuracies: dict[str, float] = {}
    for (worker, given), row in zip(errors.index, errors.to_numpy(), strict=True):
        chance = dict(zip([str(label) for label in errors.columns], row, strict=True)).get(str(given), 0.0)
        seen = accuracies.get(str(worker), 0.0) + float(chance) * float(priors[given])
        accuracies[str(worker)] = round(min(1.0, seen), _DIGITS)
    return Reliability(probabilities, dict(sorted(accuracies.items())))
