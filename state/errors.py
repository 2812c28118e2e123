"""Every error a user can meet: one root, and leaves that differ by what the user should do."""

from __future__ import annotations

_SHOWN = 120
"""Characters of a wrong value that a message repeats, so that the mend behind it is seen: some are whole documents."""


class QuorumError(Exception):
    """Root of all errors raised by langgraph-quorum. All of them go from one process to another."""

    def __reduce__(self) -> tuple[object, ...]:
        # By default an exception is made anew of its message alone, which is not what most of these are made of.
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[QuorumError], args: tuple[object, ...]) -> QuorumError:
    return kind.__new__(kind, *args)


class ConfigurationError(QuorumError, ValueError):
    """A setting is wrong. The message reads `field=value: what to give instead`.

    It is a `ValueError` as well: of these LangGraph's server tells its clients the words, of others it does not.
    """

    def __init__(self, field: str, value: object, mend: str) -> None:
        self.field: str = field
        self.value: object = value
        self.mend: str = mend
        super().__init__(f"{field}={_shown(value)}: {mend}")


def _shown(value: object) -> str:
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001  its own mistake, or nested too deep to be shown
        return f"<{type(value).__name__}>"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


class SyncPolicyError(ConfigurationError):
    """A sync policy's field is out of its bounds."""


class PlanError(QuorumError, ValueError):
    """The work cannot be planned: it is empty, names an unknown specialist, repeats a branch id or waits in a cycle.

    It is a `ValueError` as well, for the reason that a `ConfigurationError` is one.
    """


class ResultError(QuorumError):
    """A specialist returned something that cannot be kept as JSON."""


class WorkflowFailedError(QuorumError):
    """A workflow that is a branch of another has failed. The message names it and says why, `cost` what it has cost."""

    def __init__(self, name: str, why: str, cost: float | None = None) -> None:
        self.name: str = name
        self.cost: float | None = cost
        super().__init__(f"workflow {name!r} failed: {why}")


class DocumentError(QuorumError, ValueError):
    """A document cannot be read. `source` names it, the message says what is wrong and the mend.

    It is a `ValueError` as well, for the reason that a `ConfigurationError` is one.
    """

    def __init__(self, source: str, problem: str) -> None:
        self.source: str = source
        self.problem: str = problem
        super().__init__(f"{source}: {problem}")


class MissingExtraError(QuorumError):
    """An optional part is not installed. The message is the command that installs it."""

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra: str = extra
        super().__init__(f"{purpose} needs the extra '{extra}': pip install 'langgraph-quorum[{extra}]'")


class DatabaseError(QuorumError):
    """Postgres cannot be used as asked: it does not answer, refuses, lacks rights or room. Never shows a password."""


class BlockedTypeError(QuorumError):
    """A checkpoint holds, or was given, a type outside the allow-list."""


class ChannelValueError(QuorumError):
    """A value of the state cannot be stored. `channel` names the state's field, the message says what is wrong."""

    def __init__(self, channel: str, problem: str) -> None:
        self.channel: str = channel
        self.problem: str = problem
        super().__init__(f"the state's field {channel!r} cannot be stored: {problem}")


class SealError(QuorumError):
    """An encrypted value cannot be opened: it is not sealed, belongs to another place, or its key is not known."""


class ArtifactError(QuorumError):
    """An artifact is not there, is not what its reference says, or cannot be stored."""


class ThreadNotFoundError(QuorumError):
    """No run is stored under this thread id."""

    def __init__(self, thread_id: str) -> None:
        self.thread_id: str = thread_id
        super().__init__(f"no run is stored as thread {thread_id!r}: `quorum runs` lists what there is")


class ThreadBusyError(QuorumError):
    """Another driver holds the thread: one run, one driver."""

    def __init__(self, thread_id: str, owner: str, expires_in_s: float) -> None:
        self.thread_id: str = thread_id
        self.owner: str = owner
        self.expires_in_s: float = expires_in_s
        super().__init__(
            f"thread {thread_id!r} is being run by {owner}: wait for it to end (on_busy='wait'), take it over"
            f" (on_busy='take_over'), or start under another thread id; its lease runs out {expires_in_s:.0f} s after"
            " its last sign of life"
        )


class ClockError(QuorumError):
    """This host's clock is behind that of the host that last drove the thread: its checkpoints would come too early."""


class LeaseLostError(QuorumError):
    """This driver's lease was taken over while it was not looking; it must not write any more."""


class AnswerError(QuorumError):
    """An answer to a question does not fit: an unknown interrupt id, or a form that the question does not allow."""


class StrategyTimeoutError(QuorumError):
    """A user's merge strategy has made nothing within its limit."""

    def __init__(self, strategy: str, limit_s: float) -> None:
        self.strategy: str = strategy
        self.limit_s: float = limit_s
        super().__init__(f"{strategy!r} has made nothing within {limit_s:g} s: make it faster, or give it a `limit_s`")
