"""How reliable each specialist is, estimated from the labels that all have given (Dawid & Skene 1979), by crowd-kit."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from langgraph_quorum.state.errors import MissingExtraError

Answer: TypeAlias = tuple[str, str, str]
"""An item, a specialist, and the label given, spelled."""

KNOWN_ITEMS = 10
"""What a measured quality is worth beside the items at hand."""

_ROUNDS = 100
_ITEM, _KNOWN = "item ", "known "
_DIGITS = 9
_CROWDKIT = re.compile(r"crowdkit\.")


class Reliability(NamedTuple):
    """What the model has learned.

    Attributes:
        probabilities: By item, the probability of each label that any item has, 0..1.
        accuracies: By specialist, the estimated chance to give the true label, 0..1.
    """

    probabilities: dict[str, dict[str, float]]
    accuracies: dict[str, float]


def reliability(answers: Sequence[Answer], qualities: Mapping[str, float] | None = None) -> Reliability:
    """Fit the model. The order of the answers does not matter.

    What is known of a specialist beforehand counts as `KNOWN_ITEMS` items of each label whose truth is known, of which
    it has labelled so many right as its quality says, and the others evenly wrong. So a majority that is known to be
    wrong does not teach the model the opposite of what is true.

    Args:
        answers: At least one; several of one specialist on one item count each.
        qualities: By specialist, the measured chance to be right, 0..1; none for those that nothing measured.

    Raises:
        MissingExtraError: without the extra `consensus`.
    """
    try:
        import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415
        from crowdkit.aggregation import DawidSkene  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("consensus", "Dawid-Skene") from error
    _hush()
    known, truth = _known_items({label for _, _, label in answers}, qualities or {})
    items = [(_ITEM + item, specialist, label) for item, specialist, label in sorted(answers)]
    frame = pd.DataFrame([*items, *known], columns=["task", "worker", "label"])
    model = DawidSkene(n_iter=_ROUNDS).fit(frame, pd.Series(truth, dtype=object) if truth else None)
    rows, priors, errors = model.probas_, model.priors_, model.errors_
    if rows is None or priors is None or errors is None:
        raise RuntimeError("crowd-kit has fitted nothing")
    labels = [str(label) for label in rows.columns]
    probabilities = {
        str(item).removeprefix(_ITEM): dict(zip(labels, [round(float(one), _DIGITS) for one in row], strict=True))
        for item, row in zip(rows.index, rows.to_numpy(), strict=True)
        if item not in truth
    }
    accuracies: dict[str, float] = {}
    for (worker, given), row in zip(errors.index, errors.to_numpy(), strict=True):
        chance = dict(zip([str(label) for label in errors.columns], row, strict=True)).get(str(given), 0.0)
        seen = accuracies.get(str(worker), 0.0) + float(chance) * float(priors[given])
        accuracies[str(worker)] = round(min(1.0, seen), _DIGITS)
    return Reliability(probabilities, dict(sorted(accuracies.items())))


def _hush() -> None:
    """Leave out what pandas tells crowd-kit's authors, for good: a filter that is set and unset is no thread's own."""
    if ("ignore", None, DeprecationWarning, _CROWDKIT, 0) not in warnings.filters:
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=_CROWDKIT.pattern)


def _known_items(labels: Iterable[str], qualities: Mapping[str, float]) -> tuple[list[Answer], dict[str, str]]:
    """Answers that say what the qualities say, and the truth of their items. With one label there is nothing to say."""
    every = sorted(labels)
    if len(every) < 2 or not qualities:  # noqa: PLR2004
        return [], {}
    answers, truth = [], {}
    for place, label in enumerate(every):
        others = every[place + 1 :] + every[:place]
        for number in range(KNOWN_ITEMS):
            item = f"{_KNOWN}{place}/{number}"
            truth[item] = label
            for specialist, quality in sorted(qualities.items()):
                is_right = number < round(quality * KNOWN_ITEMS)
                answers.append((item, specialist, label if is_right else others[number % len(others)]))
    return answers, truth
