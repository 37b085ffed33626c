"""Asking whether one action may be done, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from waxell_client.admission import begin
from waxell_client.amounts import Estimate
from waxell_client.answers import TERMINAL, Approval, Decision, reasons
from waxell_client.conversation import Conversation
from waxell_client.course import Course
from waxell_client.errors import Held, Rejected, refused
from waxell_client.holding import Deadline, wait_for_others, wait_for_person
from waxell_client.settling import deliver_owed

Kind = Literal[
    "model.call",
    "tool.call",
    "agent.delegate",
    "data.access",
    "network.request",
    "code.execute",
    "memory.write",
    "message.send",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One thing to do. `args` are JSON already; they are what is decided on and what a grant is bound to."""

    kind: Kind
    resource: str
    args: Mapping[str, Any] = field(default_factory=dict)
    estimate: Estimate | None = None

    def document(self) -> dict[str, Any]:
        body: dict[str, Any] = {"kind": self.kind, "resource": self.resource, "args": dict(self.args)}
        if self.estimate is not None:
            body["estimate"] = self.estimate.document()
        return body


def ask(course: Course, wanted: Wanted) -> Conversation[Decision]:
    """Return the decision that allows `wanted`, having waited for a person where one has to decide.

    Raises Refused, Held, Stopped, Unreachable or Rejected; then it may not be done.
    """
    course.check()
    if course.id is None:
        # With on_unreachable="allow" the run may have begun while Waxell was away: governed from here on.
        yield from begin(course)
    yield from deliver_owed(course)
    body = {"fence": course.fence, **wanted.document()}
    deadline: Deadline | None = None
    while True:
        try:
            answer = yield from course.call(f"{course.path}/actions/", body)
        except Rejected as error:
            if error.code != "execution_suspended":
                raise
            deadline = deadline or Deadline.of(course.settings, None)
            waited = course.settings.on_hold == "wait" and (yield from wait_for_others(course, deadline))
            if not waited:
                raise Held(
                    f"{wanted.resource} was not asked for: another action of this execution waits for a person.",
                    kind=wanted.kind,
                    resource=wanted.resource,
                ) from error
            continue
        decision = Decision.of(answer)
        if decision.verdict == "halt" or decision.state in TERMINAL:
            # A stored answer tells the verdict of then and the state of now.
            raise course.ended_in(answer)
        if decision.verdict == "deny":
            raise refused(wanted.kind, wanted.resource, decision.reasons, seq=decision.seq)
        if decision.verdict == "allow":
            return decision
        deadline = deadline or Deadline.of(course.settings, decision.approval)
        approval = yield from _granted(course, wanted, decision, deadline)
        # The grant is used up by the next decision, in which everything else is judged again.
        body["approval"] = approval.id


def _granted(course: Course, wanted: Wanted, decision: Decision, deadline: Deadline) -> Conversation[Approval]:
    approval_id = decision.approval.id if decision.approval else None
    current = None
    if course.settings.on_hold == "wait":
        current = yield from wait_for_person(course, decision, deadline)
    if current is None:
        because = str(decision.reasons[0]) if decision.reasons else "a rule wants it."
        raise Held(
            f"{wanted.resource} waits for a person: {because} Once it is granted, ask for the same again.",
            kind=wanted.kind,
            resource=wanted.resource,
            reasons=decision.reasons,
            seq=decision.seq,
            approval=approval_id,
        )
    if current["state"] in TERMINAL:
        raise course.ended_in(current)
    approval = Approval.of(current["approval"])
    if approval.state != "granted":
        raise refused(wanted.kind, wanted.resource, reasons(current), seq=decision.seq, approval=approval.id)
    return approval
