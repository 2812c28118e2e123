"""`python -m benchmarks`: every measurement, as one table."""

from __future__ import annotations

from benchmarks import overhead, straggler
from benchmarks.measuring import table


def main() -> None:
    """Measure and print."""
    print(table([*straggler.rows(), *overhead.rows()]))


if __name__ == "__main__":
    main()
