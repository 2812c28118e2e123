"""Tickets that queue for their turn, and their names."""

from __future__ import annotations

from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.ticket import Ticket


def names(tickets: list[Ticket]) -> list[str]:
    return [ticket.branch_id for ticket in tickets]


def queued(admission: Admission, *tickets: Ticket) -> Admission:
    for ticket in tickets:
        admission.queue(ticket)
    return admission
