"""All scenarios, by name."""

from __future__ import annotations

from tests.crashes import continuing, enduring, joining
from tests.crashes.scenario import Scenario

SCENARIOS = {
    one.name: one
    for module in (joining, enduring, continuing)
    for one in vars(module).values()
    if isinstance(one, Scenario)
}
