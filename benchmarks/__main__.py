"""`python -m benchmarks`: every measurement, as tables; `python -m benchmarks NAME ...`: only these groups of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import many_runs, merge_quality, persistence, scaling, straggler, studio, trivial, waiting
from benchmarks.measuring import table


def _waiting() -> None:
    print(table("waiting", [*straggler.rows(), *waiting.rows()]), flush=True)


def _trivial() -> None:
    print(table("trivial branches over a bare graph", trivial.rows()), flush=True)
    print("\n" + table("the same, InMemorySaver on both sides", trivial.rows_with_checkpointer()), flush=True)


def _scaling() -> None:
    print(table("many branches, each size in its own process", scaling.rows()), flush=True)


def _many_runs() -> None:
    rows, left = many_runs.rows_and_counts()
    print(table("many runs", rows))
    print(
        f"  left behind: {left.wrong} runs with wrong results, {left.gates} gates, {left.tasks} tasks, "
        f"{left.busy_threads} busy threads, {left.threads} further threads",
        flush=True,
    )


def _studio() -> None:
    print(table("Studio's local server", studio.rows()), flush=True)


def _persistence() -> None:
    persistence.measure(lambda title, rows: print(table(title, rows) + "\n", flush=True))


GROUPS: dict[str, Callable[[], None]] = {
    "waiting": _waiting,
    "trivial": _trivial,
    "scaling": _scaling,
    "many_runs": _many_runs,
    "persistence": _persistence,
    "studio": _studio,
    "merge_quality": merge_quality.measure,
}


def main() -> None:
    """Measure and print, one table after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print what comes out.")
    parser.add_argument("group", nargs="*", help=f"{', '.join(GROUPS)}; all when none is named")
    named: list[str] = parser.parse_args().group
    for unknown in set(named) - set(GROUPS):
        parser.error(f"there is no group {unknown!r}: name some of {', '.join(GROUPS)}")
    for position, name in enumerate(named or GROUPS):
        if position > 0:
            print()
        GROUPS[name]()


if __name__ == "__main__":
    main()
