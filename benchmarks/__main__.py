"""`python -m benchmarks`: every measurement, as tables."""

from __future__ import annotations

from benchmarks import many_runs, scaling, straggler, trivial, waiting
from benchmarks.measuring import table


def main() -> None:
    """Measure and print, one table after the other."""
    print(table("waiting", [*straggler.rows(), *waiting.rows()]), flush=True)
    print("\n" + table("trivial branches over a bare graph", trivial.rows()), flush=True)
    print("\n" + table("the same, InMemorySaver on both sides", trivial.rows_with_checkpointer()), flush=True)
    print("\n" + table("many branches, each size in its own process", scaling.rows()), flush=True)
    rows, left = many_runs.rows_and_counts()
    print("\n" + table("many runs", rows))
    print(
        f"  left behind: {left.wrong} runs with wrong results, {left.gates} gates, {left.tasks} tasks, "
        f"{left.busy_threads} busy threads, {left.threads} further threads"
    )


if __name__ == "__main__":
    main()
