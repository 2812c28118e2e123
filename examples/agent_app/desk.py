"""The contract desk, on the command line: say something, answer what it asks, go on where it was stopped.

The conversation is in Postgres: QUORUM_DSN, or an embedded server. Every command is a process of its own.
"""

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

from langgraph.types import Command, Interrupt, StateSnapshot
from langgraph_quorum import QuorumError
from langgraph_quorum.orchestration.persistence import fenced_config, hold_lease, make_saver, open_database

from agent import NoModelError, build_agent, chosen_model
from state import Review

PROGRAM = Path(sys.argv[0]).name
DONE, WRONG, ASKED, STOPPED = 0, 2, 5, 130


class DeskError(Exception):
    """What was asked for does not fit how the conversation stands."""


async def turn(said: argparse.Namespace) -> StateSnapshot:
    """Take the conversation a step further, as its only driver; what an overtaken one writes is refused."""
    model = chosen_model()
    async with open_database() as pool, hold_lease(pool, said.thread) as lease:
        agent = build_agent(model, make_saver(pool))
        config = fenced_config(said.thread, lease.token)
        stands = await agent.aget_state(config)
        check(stands, said.thread, said.command)
        if said.command != "go-on":
            await agent.ainvoke(given(stands, said), config)
        elif stands.tasks:  # what was stopped, also halfway through an answer; a question is asked again
            await agent.ainvoke(None, config)
        return await agent.aget_state(config)


def check(stands: StateSnapshot, thread: str, command: str) -> None:
    """Refuse what does not fit: nothing has been done yet."""
    if command == "say":
        if stands.interrupts:
            raise DeskError(f"{thread} waits for an answer: {PROGRAM} go-on {thread} shows the question")
        if stands.tasks:
            raise DeskError(f"{thread} was stopped in the middle: {PROGRAM} go-on {thread}")
    elif stands.created_at is None:
        raise DeskError(f"there is no conversation {thread!r}: {PROGRAM} say {thread} '...' begins one")
    elif command == "answer" and not stands.interrupts:
        raise DeskError(f"nobody has asked anything in {thread}: {PROGRAM} go-on {thread} shows how it stands")


def given(stands: StateSnapshot, said: argparse.Namespace) -> Any:
    """What goes into the agent."""
    if said.command == "say":
        return {"messages": [{"role": "user", "content": said.text}]}
    return Command(resume={chosen(stands.interrupts, said.question).id: said.text})


def chosen(questions: tuple[Interrupt, ...], wanted: str | None) -> Interrupt:
    """The question that is answered: the only one, or the one whose id begins so."""
    found = [one for one in questions if one.id.startswith(wanted or "")]
    if len(found) != 1:
        raise DeskError(f"say which question with --question: {', '.join(one.id[:8] for one in questions)}")
    return found[0]


def show(stands: StateSnapshot, thread: str) -> int:
    """Print what the agent asks or has said last. Returns the exit code."""
    for question in stands.interrupts:
        (request,) = question.value["action_requests"]
        print(Review.model_validate(request["args"]["result"]).text())
        which = f" --question {question.id[:8]}" if len(stands.interrupts) > 1 else ""
        print(f"\n{request['description']}\n\nAnswer with: {PROGRAM} answer {thread} approve{which}\n")
    if not stands.interrupts:
        print(stands.values["messages"][-1].text)
    return ASKED if stands.interrupts else DONE


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="An assistant that has contracts reviewed.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("say", "say something to the assistant"),
        ("answer", "answer its question: approve, 'reject: why', 'retry: money', ..."),
        ("go-on", "go on where it was stopped, or show how it stands"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("thread", help="a name for the conversation")
        if name != "go-on":
            command.add_argument("text")
        if name == "answer":
            command.add_argument("--question", help="which one, where several are open: how its id begins")
    return parser.parse_args()


def run() -> int:
    """Run one command. Returns the exit code."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("desk").setLevel(logging.INFO)
    said = parsed()
    try:
        return show(asyncio.run(turn(said)), said.thread)
    except (DeskError, NoModelError, QuorumError) as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; go on with: {PROGRAM} go-on {said.thread}", file=sys.stderr)
        return STOPPED


if __name__ == "__main__":
    sys.exit(run())
