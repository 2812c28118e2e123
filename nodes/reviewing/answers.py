"""What a human has answered: LangChain's decisions, Agent Inbox's responses and our own short form, all understood."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["approve", "edit", "reject", "retry", "pick", "expire"]

EXPIRE = {"type": "expire"}
"""The answer to a question that nobody has answered in time. A question takes it only once its time is up."""

_WORDS: dict[str, Kind] = {
    "approve": "approve",
    "accept": "approve",
    "edit": "edit",
    "reject": "reject",
    "ignore": "reject",
    "retry": "retry",
    "pick": "pick",
    "expire": "expire",
}
_SPOKEN = ("respond", "response")
_SHOWN = 120


class UnfitAnswerError(Exception):
    """An answer that is asked again. The message says what is wrong and the mend."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, understood.

    Attributes:
        kind: What is to be done.
        message: What the human said with it; "" when nothing.
        value: Of `edit`: the new value.
        typed: Of `edit`: the value comes from a form, where JSON may stand as text.
        branches: Of `retry` the branches to redo, of `pick` the one whose result is taken.
    """

    kind: Kind
    message: str = ""
    value: Any = None
    typed: bool = False
    branches: tuple[str, ...] = ()


def understood(answer: Any, allowed: Collection[Kind]) -> Decision:
    """The decision that an answer stands for.

    Args:
        answer: `"approve"`, `"reject: why"`, `"pick: branch"`, `"retry: a, b"`; `{"type": "approve" | "edit" | "reject"
            | "retry" | "pick", ...}` with `value`, `branches`, `branch` and `message`; LangChain's
            `{"decisions": [...]}`; Agent Inbox's `[{"type": "accept" | "edit" | "response" | "ignore", "args": ...}]`;
            any of them as JSON text.
        allowed: What this question allows, besides `expire`.

    Raises:
        UnfitAnswerError: it stands for none, or for one that is not allowed.
    """
    try:
        decision = _read(answer)
    except UnfitAnswerError as error:
        raise UnfitAnswerError(f"{error}; {mend(allowed)}") from error
    except RecursionError as error:  # of JSON in it, or of writing it out
        raise UnfitAnswerError(f"the answer is nested too deep to be read; {mend(allowed)}") from error
    if decision.kind not in allowed and decision.kind != "expire":
        raise UnfitAnswerError(f"{decision.kind!r} is not possible here: {mend(allowed)}")
    return decision


def mend(allowed: Collection[Kind]) -> str:
    """How this question may be answered, in one sentence."""
    forms = {
        "approve": '"approve"',
        "reject": '"reject: why"',
        "edit": '{"type": "edit", "value": ...}',
        "pick": '"pick: branch"',
        "retry": '{"type": "retry", "branches": [...], "message": "..."}',
    }
    return "answer with one of " + ", ".join(form for kind, form in forms.items() if kind in allowed)


def _read(answer: Any, depth: int = 0) -> Decision:
    if depth > 4:  # noqa: PLR2004  text in a response in a list in JSON text is as deep as it goes
        raise UnfitAnswerError(f"{_shown(answer)} is nested too deep: give the answer itself")
    if isinstance(answer, str):
        return _from_text(answer, depth)
    if isinstance(answer, (list, tuple)):
        return _read(_only(answer, "the answer"), depth + 1)
    if not isinstance(answer, Mapping):
        raise UnfitAnswerError(f"{_shown(answer)} is no answer: give a word or an object with `type`")
    if "decisions" in answer:
        decisions = answer["decisions"]
        if not isinstance(decisions, (list, tuple)):
            raise UnfitAnswerError(f"decisions={_shown(decisions)} is no list: give one decision in a list")
        return _read(_only(decisions, "decisions"), depth + 1)
    return _from_object(answer, depth)


def _only(answers: Any, name: str) -> Any:
    if len(answers) != 1:
        raise UnfitAnswerError(f"{name} holds {len(answers)} decisions: give exactly one, for one thing is asked")
    return answers[0]


def _from_text(text: str, depth: int) -> Decision:
    text = text.strip()
    if text[:1] in ("{", "[", '"'):
        try:
            return _read(json.loads(text), depth + 1)
        except ValueError as error:
            raise UnfitAnswerError(f"{_shown(text)} is not JSON ({error})") from error
    word, _, rest = (part.strip() for part in text.partition(":"))
    kind = _WORDS.get(word.lower())
    if kind == "pick":
        return Decision("pick", branches=_names(rest, "pick"))
    if kind == "retry":
        return Decision("retry", branches=_names([name for name in rest.split(",") if name.strip()], "retry"))
    if kind in ("approve", "reject"):
        return Decision(kind, rest)
    raise UnfitAnswerError(f"{_shown(text)} is no decision")


def _from_object(answer: Mapping[str, Any], depth: int) -> Decision:
    name = answer.get("type")
    message = _message(answer)
    if name in _SPOKEN:
        return _read(message, depth + 1)
    kind = _WORDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnfitAnswerError(f"type={_shown(name)} is no decision")
    if kind == "edit":
        return _edit(answer, message)
    if kind == "retry":
        return Decision("retry", message, branches=_names(answer.get("branches"), "branches"))
    if kind == "pick":
        return Decision("pick", message, branches=_names(answer.get("branch"), "branch"))
    return Decision(kind, message)


def _message(answer: Mapping[str, Any]) -> str:
    said = answer.get("message")
    if said is None and isinstance(answer.get("args"), str):
        said = answer["args"]
    return "" if said is None else str(said)


def _edit(answer: Mapping[str, Any], message: str) -> Decision:
    """An edit in short form, or of the arguments of the action that was asked about."""
    if "value" in answer:
        return Decision("edit", message, answer["value"])
    action = answer.get("edited_action", answer.get("args"))
    args = action.get("args") if isinstance(action, Mapping) else None
    if not isinstance(args, Mapping):
        raise UnfitAnswerError('an edit says what the result is to be: give {"type": "edit", "value": ...}')
    return _from_form(args, message)


def _from_form(args: Mapping[str, Any], message: str) -> Decision:
    """What the filled in arguments say: `pick` or `retry` where they name branches, else the edited `result`."""
    said = str(args.get("message") or message)
    pick, retry = args.get("pick"), _listed(args.get("retry"))
    if pick and retry:
        raise UnfitAnswerError("both pick and retry are filled in: leave one of them empty")
    if pick:
        return Decision("pick", said, branches=_names(pick, "pick"))
    if retry:
        return Decision("retry", said, branches=_names(retry, "retry"))
    if "result" in args:
        return Decision("edit", said, args["result"], typed=True)
    if "retry" in args:
        return Decision("approve", said)  # a pause has no result to edit: nothing was filled in
    raise UnfitAnswerError("the edited arguments lack `result`: give it, or fill in `pick` or `retry`")


def _listed(names: Any) -> Any:
    """A list that a form has made text of."""
    if not isinstance(names, str) or not names.strip():
        return [] if isinstance(names, str) else names
    if names.strip().startswith("["):
        try:
            return json.loads(names)
        except ValueError as error:
            raise UnfitAnswerError(f"retry={_shown(names)} is not JSON ({error})") from error
    return [name.strip() for name in names.split(",") if name.strip()]


def _names(names: Any, field: str) -> tuple[str, ...]:
    several = [names] if isinstance(names, str) else names
    if not isinstance(several, (list, tuple)) or not several or not all(isinstance(one, str) for one in several):
        raise UnfitAnswerError(f"{field}={_shown(names)} names no branch: give the id of a branch")
    found = tuple(dict.fromkeys(one.strip() for one in several))
    if not all(found):
        raise UnfitAnswerError(f"{field}={_shown(names)} holds an empty name: give ids of branches")
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
