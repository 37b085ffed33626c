"""Any order of reserving, settling and ending leaves the books as a few lines of arithmetic say."""

from typing import Any

from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from executions.queries.invariants import check_invariants
from executions.services.appending import ExecutionClosed
from executions.services.results import AlreadySettled
from governance.domain.facts import Estimate
from governance.models import Window
from tests.factories import make_budget, make_project
from tests.factories.executions import Run, start

LIMIT = 1000


class Books(RuleBasedStateMachine):
    """One budget of money, two executions, and a model of what its window must say."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.project = make_project()
        make_budget(self.project, unit="usd", limit=LIMIT, default_reservation=1, period="once", on_exceed="deny")
        first = start(self.project)
        self.runs = [first, start(self.project, caller=first.caller)]
        self.open: dict[tuple[int, int], int] = {}
        self.presumed: dict[tuple[int, int], int] = {}
        self.settled: dict[tuple[int, int], int] = {}
        self.ended: set[int] = set()
        self.spent = self.overrun = 0

    @property
    def used(self) -> int:
        return sum(self.open.values()) + self.spent + sum(self.presumed.values()) - self.overrun

    @rule(target=held, which=st.integers(0, 1), amount=st.integers(0, 400))
    def reserve(self, which: int, amount: int) -> tuple[int, int] | None:
        run: Run = self.runs[which]
        try:
            answer = run.ask(estimate=Estimate(usd_micros=amount))
        except ExecutionClosed:
            assert which in self.ended
            return None
        fits = amount == 0 or self.used + amount <= LIMIT
        assert answer.body["verdict"] == ("allow" if fits else "deny")
        if not fits:
            return None
        self.open[which, answer.body["seq"]] = amount
        return which, answer.body["seq"]

    @rule(action=held, actual=st.integers(0, 500))
    def settle(self, action: tuple[int, int] | None, actual: int) -> None:
        if action is None:
            return
        which, seq = action
        try:
            answer = self.runs[which].report(seq, usd_micros=actual)
        except AlreadySettled:
            assert self.settled[action] != actual
            return
        except ExecutionClosed:
            assert which in self.ended
        else:
            if answer.replayed:
                assert self.settled[action] == actual
                return
            if answer.body["verdict"] == "halt":
                assert actual > self.open[action]
                self.ended.add(which)
        if action in self.settled:
            return
        held = self.open.pop(action) if action in self.open else self.presumed.pop(action)
        self.settled[action] = actual
        self.spent += actual
        self.overrun += max(0, actual - held)
        if which in self.ended:
            self._presume(which)

    @precondition(lambda self: len(self.ended) < 2)
    @rule(which=st.integers(0, 1))
    def close(self, which: int) -> None:
        try:
            self.runs[which].close()
        except ExecutionClosed:
            assert which in self.ended
            return
        self.ended.add(which)
        self._presume(which)

    @invariant()
    def the_window_says_what_the_model_says(self) -> None:
        window = Window.objects.filter(project=self.project).first()
        if window is None:
            assert self.used == 0
            return
        presumed = sum(self.presumed.values())
        kept = (window.reserved, window.spent, window.overrun, window.presumed)
        assert kept == (sum(self.open.values()), self.spent + presumed, self.overrun, presumed)

    def teardown(self) -> None:
        assert check_invariants() == []

    def _presume(self, which: int) -> None:
        for action in [action for action in self.open if action[0] == which]:
            self.presumed[action] = self.open.pop(action)


class BooksTest(TransactionTestCase):
    """A TestCase would hide the commits that the gate's locks are about."""

    def test_books_follow_the_model(self) -> None:
        bounded: Any = settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Books, settings=bounded)
