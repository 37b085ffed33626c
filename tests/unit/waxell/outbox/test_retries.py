"""Pauses between attempts."""

from datetime import timedelta

from waxell.outbox.domain import retries


def test_pauses_grow_and_end() -> None:
    pauses = [retries.pause(attempts=number, luck=0) for number in range(1, retries.MOST_ATTEMPTS + 1)]

    assert pauses[-1] is None
    waited = [pause for pause in pauses if pause is not None]
    assert len(waited) == retries.MOST_ATTEMPTS - 1
    assert waited == sorted(set(waited))
    assert timedelta(hours=24) < sum(waited, timedelta()) < timedelta(hours=48)


def test_luck_spreads_what_failed_together() -> None:
    first, last = retries.pause(attempts=3, luck=0), retries.pause(attempts=3, luck=1)
    assert first is not None
    assert last == first * 1.2


def test_a_receiver_may_ask_for_a_longer_pause_within_reason() -> None:
    assert retries.pause(attempts=1, luck=0, asked_seconds=120) == timedelta(seconds=120)
    assert retries.pause(attempts=1, luck=0, asked_seconds=10**9) == timedelta(hours=1)
    assert retries.pause(attempts=4, luck=0, asked_seconds=1) == timedelta(minutes=30)


def test_a_destination_that_takes_nothing_is_left_alone_longer_and_longer() -> None:
    rests = [retries.rest(failures) for failures in range(1, 12)]
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (timedelta(seconds=2), timedelta(minutes=5))
    assert retries.rest(10**6) == timedelta(minutes=5)
