"""SIGTERM sent by this process to itself: where it is raised, and where it waits."""

import os
import signal
from collections.abc import Iterator

import pytest

from executions.runner.interruptions import StoppedBySignal
from executions.runner.signals import StopSignal


@pytest.fixture
def stop() -> Iterator[StopSignal]:
    before = signal.getsignal(signal.SIGTERM)
    listening = StopSignal()
    listening.listen()
    yield listening
    signal.signal(signal.SIGTERM, before)


def ask_to_stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_stop_is_raised_where_it_meets_the_process(stop: StopSignal) -> None:
    with pytest.raises(StoppedBySignal, match="stopped by a signal"):
        ask_to_stop()


def test_a_deferred_stop_is_raised_when_the_block_is_done(stop: StopSignal) -> None:
    done = []

    def work() -> None:
        with stop.deferred():
            ask_to_stop()
            with stop.deferred():
                done.append("inner")
            done.append("outer")

    with pytest.raises(StoppedBySignal):
        work()
    assert done == ["inner", "outer"]


def test_a_stop_is_raised_in_the_part_of_a_deferred_block_that_allows_it(stop: StopSignal) -> None:
    told = []

    def work() -> None:
        with stop.deferred():
            try:
                with stop.allowed():
                    ask_to_stop()
                    told.append("done")
            except StoppedBySignal:
                told.append("cut")
                raise

    with pytest.raises(StoppedBySignal):
        work()
    assert told == ["cut"]


def test_a_stop_that_waited_keeps_the_allowed_part_from_beginning(stop: StopSignal) -> None:
    begun = []

    def work() -> None:
        with stop.deferred():
            ask_to_stop()
            with stop.allowed():
                begun.append("begun")

    with pytest.raises(StoppedBySignal):
        work()
    assert begun == []


def test_a_failure_inside_is_not_hidden_by_the_stop(stop: StopSignal) -> None:
    def work() -> None:
        with stop.deferred():
            ask_to_stop()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_without_a_stop_nothing_is_raised(stop: StopSignal) -> None:
    with stop.deferred(), stop.allowed():
        pass
