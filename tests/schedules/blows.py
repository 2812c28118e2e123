"""What befalls a run from outside: at which step its process dies, or somebody cancels or drains it."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

from tests.schedules.scenario import Blow, Disturbance, Scenario

BLOWS: tuple[tuple[Blow, ...], ...] = (
    (),
    ("crash",),
    ("crash",),
    ("cancel",),
    ("drain",),
    ("crash", "crash"),
    ("drain", "crash"),
    ("cancel", "crash", "drain"),
    ("drain", "drain", "cancel"),
)


def disturbed(scenario: Scenario, steps: int) -> Scenario | None:
    """The same scenario with blows at random steps, of which an undisturbed run has so many; None for some."""
    rng = Random(scenario.seed + 0.5)
    blows: list[Blow] = [*rng.choice(BLOWS)]
    if not blows:
        return None
    disturbances = [
        Disturbance(blow, rng.randrange(steps) if not number else _soon(rng, steps))
        for number, blow in enumerate(blows)
    ]
    return replace(scenario, disturbances=disturbances)


def crashed_at(scenario: Scenario, step: int) -> Scenario:
    """The same scenario, whose process dies before this step."""
    return replace(scenario, disturbances=[Disturbance("crash", step)])


def _soon(rng: Random, steps: int) -> int:
    """A step of what is left, with small ones as likely as large ones."""
    return int(math.exp(rng.uniform(0.0, math.log(steps + 1))))
