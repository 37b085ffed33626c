"""Delivering a request: when it is tried again, for how long, and what is said at the end."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from waxell_client import Rejected, Unreachable, delivery
from waxell_client.conversation import Conversation, Lost, Pause, Reply, Request
from waxell_client.delivery import LONGEST_PAUSE_SECONDS, Patience, deliver, rejected

Result = TypeVar("Result")
ASK = Request(method="POST", path="/executions/", body=b"{}", headers={"Idempotency-Key": "k"})
OK = Reply(status=200, body={"verdict": "allow"})
LOST = Lost(why="ConnectError: refused")


def problem(status: int, code: str, **headers: str) -> Reply:
    return Reply(status=status, body={"code": code, "title": "No."}, headers=headers)


@dataclass
class Clock:
    """Time that passes only in pauses."""

    now: float = 0.0
    sent: list[Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def hold(self, conversation: Conversation[Result], answers: Iterable[Reply | Lost]) -> Result:
        coming = iter(answers)
        heard: Any = None
        try:
            while True:
                wanted = conversation.send(heard)
                if isinstance(wanted, Pause):
                    self.now += wanted.seconds
                    self.pauses.append(wanted.seconds)
                    heard = None
                else:
                    self.sent.append(wanted)
                    heard = next(coming)
        except StopIteration as done:
            return done.value


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delivery.time, "monotonic", clock.monotonic)
    return clock


@pytest.mark.parametrize("first", [LOST, problem(503, "unavailable"), problem(500, "server_error"), problem(502, "")])
def test_what_may_pass_is_tried_again_under_the_same_key(clock: Clock, first: Reply | Lost) -> None:
    assert clock.hold(deliver(ASK, Patience(seconds=10)), [first, LOST, OK]) is OK
    assert clock.sent == [ASK] * 3


def test_pauses_grow_and_stay_short(clock: Clock) -> None:
    with pytest.raises(Unreachable):
        clock.hold(deliver(ASK, Patience(seconds=120)), itertools.repeat(LOST))

    assert 0.05 <= clock.pauses[0] <= 0.1
    assert max(clock.pauses) <= LONGEST_PAUSE_SECONDS
    assert clock.pauses[8] > clock.pauses[0] * 5
    assert len(set(clock.pauses)) == len(clock.pauses)


def test_patience_is_bounded_and_the_error_says_what_happened(clock: Clock) -> None:
    with pytest.raises(Unreachable, match=r"no answer to POST /executions/, tried \d+ times: ConnectError") as error:
        clock.hold(deliver(ASK, Patience(seconds=5)), itertools.repeat(LOST))

    assert clock.now <= 5
    assert error.value.tries == len(clock.sent)


def test_without_patience_it_is_sent_once(clock: Clock) -> None:
    with pytest.raises(Unreachable, match="tried once"):
        clock.hold(deliver(ASK, Patience(seconds=0)), [LOST])
    assert clock.pauses == []


def test_retry_after_is_waited_for_and_not_in_step(clock: Clock) -> None:
    busy = problem(429, "too_many_requests", **{"retry-after": "7"})

    assert clock.hold(deliver(ASK, Patience(seconds=30)), [busy, OK]) is OK
    assert 7 < clock.pauses[0] <= 7.1


@pytest.mark.parametrize("code", ["too_many_requests", "queue_full", "rules_busy"])
def test_a_server_that_says_later_for_too_long_has_not_gone_away(clock: Clock, code: str) -> None:
    """Else on_unreachable="allow" would turn a limit into permission."""
    later = problem(429 if code == "too_many_requests" else 503, code, **{"retry-after": "60"})

    with pytest.raises(Rejected) as error:
        clock.hold(deliver(ASK, Patience(seconds=5)), [later])
    assert error.value.code == code


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_a_decided_answer_is_final(clock: Clock, status: int) -> None:
    answer = problem(status, "some_code")

    assert clock.hold(deliver(ASK, Patience(seconds=10)), [answer]) is answer


def test_somebody_elses_page_is_no_answer(clock: Clock) -> None:
    page = Reply(status=200, understood=False)

    with pytest.raises(Unreachable, match="not Waxell's; is WAXELL_URL right"):
        clock.hold(deliver(ASK, Patience(seconds=0)), [page])


def test_a_redirection_is_not_followed_with_the_key() -> None:
    error = rejected(Reply(status=308, headers={"location": "https://elsewhere/"}))

    assert "leads to https://elsewhere/; set WAXELL_URL" in str(error)
