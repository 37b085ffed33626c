"""Settling: telling what came of an action, and closing the record."""

import logging
from collections.abc import Mapping
from typing import Any

from waxell_client.amounts import Usage
from waxell_client.answers import Record
from waxell_client.conversation import Conversation
from waxell_client.course import Course, Report
from waxell_client.delivery import Patience
from waxell_client.errors import Unreachable
from waxell_client.values import told

log = logging.getLogger("waxell_client")


def report(course: Course, seq: int, *, ok: bool, output: object, usage: Usage | None) -> Report:
    """What came of action `seq`, ready to be delivered."""
    body: dict[str, Any] = {"fence": course.fence, "status": "ok" if ok else "error", "output": told(output)}
    if usage is not None:
        body["usage"] = usage.document()
    return Report(seq=seq, body=body)


def settle(course: Course, made: Report) -> Conversation[None]:
    """Deliver a report. What cannot be delivered now is owed: it goes before the next question, or with the closing.

    Raises Stopped where more was used than reserved, or the execution is over.
    """
    course.owed.append(made)
    try:
        yield from deliver_owed(course)
    except Unreachable as error:
        # The action is done, and its result is the program's: nothing is refused by losing it.
        log.warning("The result of action %d of %s is owed: %s", made.seq, course.id, error)


def deliver_owed(course: Course) -> Conversation[None]:
    """Deliver what is owed. Raises Unreachable, and Stopped."""
    while course.owed:
        try:
            owed = course.owed.popleft()
        except IndexError:
            return
        try:
            answer = yield from course.call(f"{course.path}/actions/{owed.seq}/result/", owed.body, key=owed.key)
        except (Unreachable, GeneratorExit):
            # GeneratorExit: whoever held this conversation was interrupted in the middle of it.
            course.owed.appendleft(owed)
            raise
        if answer["verdict"] == "halt":
            raise course.ended_in(answer)


def close(
    course: Course, *, outcome: str, output: object = None, error: object = None, patience: Patience | None = None
) -> Conversation[None]:
    """Close the record, unless it is closed. Raises Stopped where others have closed it, Unreachable, Rejected."""
    if course.is_over or course.id is None:
        return
    yield from deliver_owed(course)
    body: dict[str, Any] = {"fence": course.fence, "outcome": outcome}
    if output is not None:
        body["output"] = told(output)
    if (failure := _failure(course, error)) is not None:
        body["error"] = told(failure)
    answer = yield from course.call(f"{course.path}/close/", body, patience=patience)
    course.closed_as = answer["state"]
    course.record = Record.of(answer["record"])


def _failure(course: Course, error: object) -> Mapping[str, Any] | object:
    """The error to record; with it what was done without a decision, so that the record says so."""
    if not course.ungoverned:
        return error
    done = [
        {"kind": what.kind, "resource": what.resource, "at": what.at, "why": what.why} for what in course.ungoverned
    ]
    return {"ungoverned": done, **({"error": error} if error is not None else {})}
