"""The sync points of a workflow, and which of them count a branch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from langgraph_quorum.state.errors import ConfigurationError, SyncPolicyError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumContext

LONG_S = 1e9
"""Stands for no limit where a policy wants a finite number of seconds."""


@dataclass(frozen=True, slots=True)
class Points:
    """All sync points of one workflow. Exactly one of them, the *rest*, waits for what no other point has claimed.

    Attributes:
        policies: By name, in the order given.
        rest: Name of the point without claims.
        claimed: By branch id, the points that claim it by that.
        typed: By type of specialist, the points that claim its branches.
    """

    policies: dict[str, SyncPolicy]
    rest: str
    claimed: dict[str, list[str]] = field(init=False, default_factory=dict)
    typed: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, policy in self.policies.items():
            for branch_id in policy.branches:
                self.claimed.setdefault(branch_id, []).append(name)
            for kind in policy.types:
                self.typed.setdefault(kind, []).append(name)

    @classmethod
    def of(cls, given: SyncPolicy | Sequence[SyncPolicy] | None) -> Points:
        """The points of one policy or many; a point with the default policy is added where all have claims.

        Raises:
            ConfigurationError: something else was given.
            SyncPolicyError: two points have one name, or two are without claims.
        """
        if given is None or isinstance(given, SyncPolicy):
            given = [given or SyncPolicy()]
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            raise ConfigurationError("sync", given, "give a SyncPolicy, or a list of them")
        policies: dict[str, SyncPolicy] = {}
        for policy in given:
            if not isinstance(policy, SyncPolicy):
                raise ConfigurationError("sync", policy, "give a SyncPolicy, for instance SyncPolicy()")
            if policy.name in policies:
                raise SyncPolicyError("name", policy.name, "two sync points have this name: rename one")
            policies[policy.name] = policy
        unclaiming = [policy.name for policy in given if not policy.claims]
        if len(unclaiming) > 1:
            mend = f"{unclaiming[0]!r} already waits for the rest: give it branches or types"
            raise SyncPolicyError("name", unclaiming[1], mend)
        if unclaiming:
            return cls(policies, unclaiming[0])
        rest = SyncPolicy()
        if rest.name in policies:
            raise SyncPolicyError("name", rest.name, "the point for the rest has this name: rename yours")
        return cls({**policies, rest.name: rest}, rest.name)

    def applied(self, context: object) -> Points:
        """The same, with the run's own settings in place of those of the rest's policy.

        Raises:
            SyncPolicyError: when a setting is out of its bounds.
        """
        policy = self.policies[self.rest]
        applied = QuorumContext.of(context).applied_to(policy)
        return self if applied is policy else dataclasses.replace(self, policies={**self.policies, self.rest: applied})

    def patient(self) -> Points:
        """The same, each with a grace as long as its deadline: for when what a human says must not come too late."""
        policies = {
            name: dataclasses.replace(policy, grace_s=max(policy.grace_s, min(policy.deadline_s, LONG_S)))
            for name, policy in self.policies.items()
        }
        return dataclasses.replace(self, policies=policies)

    def counting(self, item: WorkItem, kind: str) -> list[str]:
        """The points that count a branch, whose specialist is of type `kind`."""
        if len(self.policies) == 1:
            return [self.rest]
        by_id = self.claimed.get(item.get("part_of", item["branch_id"]), [])
        by_type = self.typed.get(kind, []) if kind else []
        return list(dict.fromkeys([*by_id, *by_type])) or [self.rest]
