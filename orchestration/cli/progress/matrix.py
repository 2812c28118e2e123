"""Documents by specialists, each branch as a sign and a time: the view of a run that fits a small terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from langgraph_quorum.orchestration.cli.progress.board import NOT_BEGUN, UNDER_WAY, Board, Cell
from langgraph_quorum.orchestration.cli.progress.symbols import SIGNS
from langgraph_quorum.orchestration.cli.words import counted, shortened

_CELL = 6
_WIDEST_CELL = 10
_NAME = 26
_LEAST_NAME = 12
_MINUTE_S = 100


def matrix(board: Board, *, now: float, width: int, rows: int, encoding: str) -> Table:
    """The branches as a table.

    Args:
        board: The branches.
        now: On the clock of the board.
        width: Columns of the terminal.
        rows: Documents shown at most; those with unfinished branches come first, the rest is counted.
        encoding: Of the terminal.
    """
    specialists = board.specialists
    cell_width = max(_CELL, min(_WIDEST_CELL, (width - _NAME) // max(1, len(specialists)) - 1))
    name_width = max(_LEAST_NAME, width - len(specialists) * (cell_width + 1) - 1)
    by_place = {(cell.group, cell.specialist): cell for cell in board.cells.values()}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, max_width=name_width, overflow="ellipsis")
    for name in specialists:
        table.add_column(name[:cell_width], no_wrap=True, min_width=cell_width, max_width=cell_width)
    groups = board.groups
    shown = _chosen(board, groups, rows)
    for group in shown:
        cells = [_sign(by_place.get((group, name)), now, encoding) for name in specialists]
        table.add_row(Text(shortened(group, name_width)), *cells)
    if len(shown) < len(groups):
        rest = counted(len(groups) - len(shown), "more document")
        table.add_row(Text(f"… {rest}" if encoding.lower().startswith("utf") else f"+ {rest}", style="dim"))
    return table


def _chosen(board: Board, groups: list[str], rows: int) -> list[str]:
    """The documents that fit: those under way first, then those to come, then those done, in the order of the plan."""
    if len(groups) <= rows:
        return groups
    rank = dict.fromkeys(groups, 2)
    for cell in board.cells.values():
        if cell.state in UNDER_WAY:
            rank[cell.group] = 0
        elif cell.state in NOT_BEGUN:
            rank[cell.group] = min(rank[cell.group], 1)
    chosen = set(sorted(groups, key=lambda group: rank[group])[: max(1, rows - 1)])
    return [group for group in groups if group in chosen]


def _sign(cell: Cell | None, now: float, encoding: str) -> Text:
    if cell is None:
        return Text("")
    sign = SIGNS[cell.state]
    if cell.state in NOT_BEGUN:
        return Text(sign.on(encoding), style=sign.style)
    passed = now - cell.since if cell.state in UNDER_WAY else cell.seconds
    return Text(f"{sign.on(encoding)} {_brief(passed)}", style=sign.style)


def _brief(value: float) -> str:
    """Seconds in at most four characters."""
    if value < _MINUTE_S:
        return f"{value:.1f}"
    return f"{value:.0f}" if value < _MINUTE_S * 10 else f"{value / 60:.0f}m"
