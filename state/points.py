"""The sync points of a workflow, and which of them count a branch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from langgraph_quorum.state.errors import ConfigurationError, SyncPolicyError
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.workflow import QuorumContext


@dataclass(frozen=True, slots=True)
class Points:
    """All sync points of one workflow. Exactly one of them, the *rest*, waits for what no other point has claimed.

    Attributes:
        policies: By name, in the order given.
        rest: Name of the point without claims.
    """

    policies: dict[str, SyncPolicy]
    rest: str

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

    def counting(self, item: WorkItem, kind: str) -> list[str]:
        """The points that count a branch, whose specialist is of type `kind`."""
        if len(self.policies) == 1:
            return [self.rest]
        claiming = [
            name
            for name, policy in self.policies.items()
            if item["branch_id"] in policy.branches or (kind and kind in policy.types)
        ]
        return claiming or [self.rest]
