"""Beginning: asking whether an execution may start, and waiting where a person decides."""

from waxell_client.answers import TERMINAL, Approval, Decision, reasons
from waxell_client.conversation import Conversation
from waxell_client.course import Course
from waxell_client.errors import Held, WaxellError
from waxell_client.holding import Deadline, wait_for_person

PENDING = "pending"
SUSPENDED = "suspended"


class DrivenByWorkers(WaxellError):
    """Waxell's own workers run this workflow, so no program outside can drive it; the execution was cancelled."""


def begin(course: Course) -> Conversation[None]:
    """Ask for admission. Afterwards `course` has an id and a fence.

    Raises NotAdmitted, Held, DrivenByWorkers, Unreachable or Rejected.
    """
    answer = yield from course.call("/executions/", course.start, key=course.start_key)
    course.id = answer["id"]
    if answer["state"] == PENDING:
        yield from _cancel(course, "It was started by a program that wanted to drive it itself.")
        raise DrivenByWorkers(
            f"{course.start['workflow']} is run by Waxell's workers, so it cannot be driven from here: "
            "start it over REST or in the console. This execution was cancelled."
        )
    if answer["lease"] is not None:
        course.fence = answer["lease"]["fence"]
    if answer["state"] == SUSPENDED:
        yield from _wait(course, Decision.of({**answer, "seq": answer["receipt"]["seq"]}))
    elif answer["state"] in TERMINAL:
        raise course.ended_in(answer)


def _wait(course: Course, decision: Decision) -> Conversation[None]:
    approval = decision.approval or Approval(id="", state="pending")
    held = Held(
        f"{course.start['workflow']} may begin when a person agrees, and this call does not wait for it; "
        "the execution was cancelled.",
        kind="execution.start",
        resource=str(course.start["workflow"]),
        reasons=decision.reasons,
        seq=decision.seq,
        approval=approval.id,
    )
    current = None
    if course.settings.on_hold == "wait":
        current = yield from wait_for_person(course, decision, Deadline.of(course.settings, approval))
    if current is None:
        # Nobody would drive it, were it granted later.
        yield from _cancel(course, "Its agent does not wait for a person.")
        raise held
    if current["state"] in TERMINAL:
        raise course.ended_in(current, reasons(current))


def _cancel(course: Course, why: str) -> Conversation[None]:
    yield from course.call(f"{course.path}/cancel/", {"reason": why})
    course.closed_as = "cancelled"
