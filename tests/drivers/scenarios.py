"""What two drivers can do to one another. Each scenario plays one trial and says what must be true of its answers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.drivers.scene import LAST
from tests.drivers.stage import Driver, Trial, wait

Play = Callable[[Trial, random.Random], Iterator[str]]
"""Plays one trial and yields what is wrong with it, in words; chance picks its moments."""

SHORT_S = 1.0
"""The lease of a driver that is to lose it. The others' lasts longer than a busy machine may keep them waiting."""
TAKES_S = 0.3
"""About how long a run takes up to where it is held."""
REFUSED = frozenset({"LeaseLostError"})


@dataclass(frozen=True)
class Scenario:
    """Trials of one kind."""

    name: str
    play: Play


def starts_at_once(trial: Trial, chance: random.Random) -> Iterator[str]:
    """Two processes start the thread in the same moment: one drives it, the other is told that it is busy."""
    both = [trial.driver(ttl_s=5.0, waits_for_go=True) for _ in range(2)]
    time.sleep(chance.uniform(0, 0.4))
    trial.touch("go")
    wait(lambda: any(driver.child.ended for driver in both))
    trial.touch("gate")
    errors = sorted(driver.answer().get("error", "") for driver in both)
    if errors != ["", "ThreadBusyError"]:
        yield f"of two starts one is to win, and one is refused: {errors}"


def sleeps(trial: Trial, chance: random.Random) -> Iterator[str]:
    """A driver is stopped past its lease, another takes its thread, and it is woken while that one drives or later."""
    old = trial.driver(ttl_s=SHORT_S)
    trial.wait_for_token(1)
    time.sleep(chance.uniform(0, TAKES_S))
    old.stop()
    trial.wait_for_expiry()
    new = trial.driver(on_busy="wait")
    trial.wait_for_token(2)
    if chance.random() < 0.5:
        yield from _woken_while_it_drives(trial, chance, old, new)
    else:
        trial.touch("gate")
        yield from _won(new)
        before = trial.stored()
        old.wake()
        yield from _refused(trial, old, REFUSED)
        if trial.stored() != before:
            yield "the driver that was woken has written"


def _woken_while_it_drives(trial: Trial, chance: random.Random, old: Driver, new: Driver) -> Iterator[str]:
    time.sleep(chance.uniform(0, TAKES_S))
    old.wake()
    if chance.random() < 0.5:
        trial.wait_for_start(new, LAST)
    trial.touch("gate")
    yield from _won(new)
    yield from _refused(trial, old, REFUSED)


def loses_its_heartbeat(trial: Trial, chance: random.Random) -> Iterator[str]:
    """A driver works on and its heartbeat does not reach the database, or has died; another takes its thread."""
    seen = chance.random() < 0.5
    old = trial.driver(ttl_s=SHORT_S, trouble="blocked" if seen else "dead")
    trial.wait_for_token(1)
    trial.wait_for_expiry()
    new = trial.driver(on_busy="wait")
    trial.wait_for_token(2)
    if chance.random() < 0.5:
        trial.wait_for_start(new, LAST)
    trial.touch("gate")
    yield from _won(new)
    # One that sees its lease run out cannot know whether it was taken or the database went away.
    yield from _refused(trial, old, REFUSED | {"DatabaseError"} if seen else REFUSED)


def host_clock_jumps(trial: Trial, _: random.Random) -> Iterator[str]:
    """A driver whose host's clock jumps about keeps its thread, and another with such a clock does not get it."""
    old = trial.driver(trouble="clock", ttl_s=3.0)
    trial.wait_for_token(1)
    trial.wait_for_start(old, LAST)
    time.sleep(1.1)  # beyond a heartbeat
    yield from _busy(trial.driver(trouble="clock"))
    trial.touch("gate")
    yield from _won(old)
    if trial.lease()[0] != 2:  # taken once, and given back
        yield "the lease was taken more than once"


def database_clock_jumps(trial: Trial, chance: random.Random) -> Iterator[str]:
    """The database's clock jumps ahead, and a living driver's thread is taken; or back, and nothing changes."""
    old = trial.driver(ttl_s=9.0)  # outlasts a busy machine, and a heartbeat each third of it sets things right
    trial.wait_for_token(1)
    time.sleep(chance.uniform(0, TAKES_S))
    if chance.random() < 0.5:
        trial.move_clock(-3600)
        yield from _healed(trial)
        yield from _busy(trial.driver())
        trial.touch("gate")
        yield from _won(old)
        return
    new = trial.driver(on_busy="wait", waits_for_go=True)
    trial.wait_for_file("ready-wait")
    trial.touch("go")
    wait(lambda: _jumped_and_taken(trial))
    trial.touch("gate")
    yield from _won(new)
    yield from _refused(trial, old, REFUSED)


def is_taken_over(trial: Trial, chance: random.Random) -> Iterator[str]:
    """A living driver's thread is taken over at whatever moment; the other goes on where it was."""
    old = trial.driver(ttl_s=chance.choice([3.0, 30.0]))  # it learns of it by its heartbeat, or by a write
    trial.wait_for_token(1)
    time.sleep(chance.uniform(0, TAKES_S))
    new = trial.driver(on_busy="take_over")
    trial.wait_for_token(2)
    if chance.random() < 0.5:
        trial.wait_for_start(new, LAST)
    trial.touch("gate")
    yield from _won(new)
    yield from _refused(trial, old, REFUSED)


def waits(trial: Trial, chance: random.Random) -> Iterator[str]:
    """A second start waits for the first to end, and gets its result without doing anything again."""
    old = trial.driver()
    trial.wait_for_token(1)
    new = trial.driver(on_busy="wait")
    trial.wait_for_file("ready-wait")
    time.sleep(chance.uniform(0, TAKES_S))
    trial.touch("gate")
    yield from _won(old)
    yield from _won(new)
    if any(line.pid == new.child.pid for line in trial.lines()):
        yield "the one that waited has done something again"


SCENARIOS = (
    Scenario("starts at once", starts_at_once),
    Scenario("sleeps past its lease", sleeps),
    Scenario("loses its heartbeat", loses_its_heartbeat),
    Scenario("host's clock jumps", host_clock_jumps),
    Scenario("database's clock jumps", database_clock_jumps),
    Scenario("is taken over alive", is_taken_over),
    Scenario("is waited for", waits),
)


def _jumped_and_taken(trial: Trial) -> bool:
    """Whether another has taken the thread; let the clock jump once more where a heartbeat came in between."""
    taken = trial.lease()[0] >= 2
    if not taken:
        trial.move_clock(3600)
    return taken


def _healed(trial: Trial) -> Iterator[str]:
    """A heartbeat sets right what a jump of the clock has done."""
    wait(lambda: trial.lease()[1] < 60)
    if trial.lease()[0] != 1:
        yield "the lease was taken, though it was not to run out for an hour"


def _won(driver: Driver) -> Iterator[str]:
    said = driver.answer()
    if "outcome" not in said:
        yield f"the driver that has the thread ended with {said}"


def _busy(driver: Driver) -> Iterator[str]:
    said = driver.answer()
    if said.get("error") != "ThreadBusyError":
        yield f"a driver that was to find the thread busy ended with {str(said)[:200]}"


def _refused(trial: Trial, driver: Driver, kinds: frozenset[str]) -> Iterator[str]:
    """It has ended with such an error.

    One that was stopped before it had begun may also find the run finished, its very first transaction ended, or what
    it reads of the run from before and after the other has driven it.
    """
    said: dict[str, Any] = driver.answer()
    begun = any(line.pid == driver.child.pid for line in trial.lines())
    if not begun and ("outcome" in said or said["error"] in {"DatabaseError", "ThreadNotFoundError"}):
        return
    if said.get("error") not in kinds:
        yield f"a driver that was to end with {sorted(kinds)} ended with {str(said)[:200]}"
