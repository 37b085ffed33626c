"""Simulating: a recorded decision is judged once more, with another text of one policy.

Each decision is judged alone, with the facts that were recorded and the rules of its time or of now. What would have
come of a different verdict, a later action that never happened, is not part of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from executions.domain.replaying import SchemaOf, erased, read_facts
from governance.domain.evaluation import decide
from governance.domain.manifest import GovernanceState, PolicyInForce, policy_digest
from governance.domain.verdicts import Verdict

NOT_IN_FORCE: Final = 0
"""The version that a draft's rules carry where no version of the policy was in force."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Transition:
    """From one verdict to another."""

    before: Verdict
    after: Verdict

    def __str__(self) -> str:
        return f"{self.before}->{self.after}"


def _transitions(*named: str) -> tuple[Transition, ...]:
    pairs = (name.split("->") for name in named)
    return tuple(Transition(before=Verdict(before), after=Verdict(after)) for before, after in pairs)


TRANSITIONS: Final = (
    *_transitions("deny->allow", "halt->allow", "hold->allow"),
    *_transitions("deny->hold", "halt->hold", "halt->deny"),
    *_transitions("allow->halt", "allow->deny", "allow->hold"),
    *_transitions("hold->halt", "hold->deny", "deny->halt"),
)
"""Every change of a verdict, in the order of their reading: what would newly be let through comes first."""

_PLACES: Final = {transition: place for place, transition in enumerate(TRANSITIONS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text for the policy `slug`; `mode` is `enforced` or `shadow`."""

    slug: str
    text: str
    mode: str


def place_of(transition: Transition) -> int:
    """The place of a change in the order of their reading."""
    return _PLACES[transition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one decision.

    `was` and `reason` are the reasons that bound before and bind now, as documents; None where
    nothing did. `marked` says that rules of the draft only mark it: by a flag, or on trial.
    """

    transition: Transition
    was: Mapping[str, Any] | None
    reason: Mapping[str, Any] | None
    marked: bool

    @property
    def changed(self) -> bool:
        return self.transition.before is not self.transition.after


def in_order(transitions: Iterable[Transition]) -> list[Transition]:
    """Return transitions in the order of their reading."""
    return sorted(transitions, key=_PLACES.__getitem__)


def with_draft(state: GovernanceState, draft: Draft) -> GovernanceState:
    """Return `state` as if the draft had been in force in it.

    It takes the version in force then, so that what a person granted under that version still
    counts: the same text changes no decision.
    """
    of_then = {policy.slug: policy.version for policy in state.policies}
    tried = PolicyInForce(
        slug=draft.slug,
        version=of_then.get(draft.slug, NOT_IN_FORCE),
        digest=policy_digest(draft.text),
        mode=draft.mode,
        text=draft.text,
    )
    others = (policy for policy in state.policies if policy.slug != draft.slug)
    return replace(state, policies=(*others, tried))


def judge(
    line: Mapping[str, Any],
    args: bytes | None,
    *,
    slug: str,
    then: GovernanceState,
    after: GovernanceState,
    before: GovernanceState | None = None,
    schema_of: SchemaOf,
) -> Tried | None:
    """Judge an `action.decided` entry under `after`, as `with_draft` made it; None where its facts are gone.

    `then` is the state that the entry names: its schemas say how rules saw the arguments. The verdict
    it is compared with is the recorded one, or where `before` is given that of those rules. `slug` is
    the draft's.
    """
    if erased(line, args) is not None:
        return None
    try:
        seen = read_facts(line, args, state=then, schema_of=schema_of)
    except (KeyError, TypeError, ValueError):
        return None
    decision = decide(state=after, facts=seen)
    recorded: Mapping[str, Any] = line["decision"] if before is None else decide(state=before, facts=seen).document()
    return Tried(
        transition=Transition(before=Verdict(recorded["verdict"]), after=decision.verdict),
        was=next(iter(recorded["reasons"]), None),
        reason=decision.reasons[0].document() if decision.reasons else None,
        marked=any(mark.policy == slug for mark in (*decision.flags, *decision.shadow)),
    )
