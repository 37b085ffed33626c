"""Budgets at the gate: what is reserved, refused and settled, unit by unit."""

from uuid import UUID

import pytest

from executions.services import approvals
from executions.services.callers import Caller
from executions.services.results import AlreadySettled, NotDispatched
from governance.domain.actors import Actor
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.models import Approval, Membership, Project, Reservation, Window
from governance.services import budgets, groups, rights
from tests.factories import make_budget, make_person, make_policy, make_tool
from tests.factories.executions import Run, start
from tests.factories.governance import DENY_MAIL
from waxell.lib.errors import NotFound

SYSTEM = Actor(system="test")
DOLLAR = 1_000_000


def _counters() -> tuple[int, int, int, int]:
    window = Window.objects.get()
    return window.reserved, window.spent, window.overrun, window.presumed


@pytest.mark.parametrize(
    ("unit", "more", "act", "amount"),
    [
        ("usd", {"default_reservation": 7}, {"estimate": Estimate(usd_micros=500)}, 500),
        ("usd", {"default_reservation": 7}, {}, 7),
        ("tokens", {"default_reservation": 7}, {"estimate": Estimate(tokens=300)}, 300),
        ("tokens", {"default_reservation": 7}, {"kind": Kind.MODEL_CALL, "resource": "gpt"}, 7),
        ("actions", {}, {"kind": Kind.MEMORY_WRITE, "resource": "notes"}, 1),
        ("model_calls", {}, {"kind": Kind.MODEL_CALL, "resource": "gpt"}, 1),
        ("tool_calls", {}, {}, 1),
    ],
)
def test_each_unit_reserves_what_it_counts(
    project: Project, unit: str, more: dict[str, int], act: dict[str, object], amount: int
) -> None:
    make_budget(project, unit=unit, limit=1000, **more)
    run = start(project)

    answer = run.ask(**act)  # type: ignore[arg-type]

    (reservation,) = Reservation.objects.all()
    assert (reservation.amount, reservation.state, reservation.budget_version) == (amount, "open", 1)
    assert _counters() == (amount, 0, 0, 0)
    assert answer.body["reservations"][0]["unit"] == unit


@pytest.mark.parametrize(
    ("unit", "act"),
    [
        ("tokens", {}),
        ("model_calls", {}),
        ("tool_calls", {"kind": Kind.MODEL_CALL, "resource": "gpt"}),
        ("executions", {}),
    ],
)
def test_what_does_not_count_reserves_nothing(project: Project, unit: str, act: dict[str, object]) -> None:
    run = start(project)
    make_budget(project, unit=unit, limit=0, **({"default_reservation": 1} if unit == "tokens" else {}))

    assert run.ask(**act).body["verdict"] == "allow"  # type: ignore[arg-type]
    assert not Reservation.objects.exists()


def test_executions_are_counted_at_admission_and_stay_counted(project: Project) -> None:
    make_budget(project, unit="executions", limit=1)
    run = start(project)
    run.close()

    assert start(project).state == "denied"
    assert (_counters(), Reservation.objects.get().state) == ((0, 1, 0, 0), "settled")


def test_a_declared_cost_and_a_price_are_known_without_an_estimate(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=9)
    make_tool(project, "search", cost_micros=1234)
    run = start(project)

    declared = run.ask("search")
    priced = run.ask("gpt-4o", kind=Kind.MODEL_CALL, estimate=Estimate(tokens=1000))

    assert (declared.body["estimate_source"], priced.body["estimate_source"]) == ("declared", "price")
    amounts = list(Reservation.objects.order_by("id").values_list("amount", flat=True))
    assert amounts[0] == 1234
    assert amounts[1] > 1234


@pytest.mark.parametrize(("scope", "windows"), [("project", 1), ("agent", 2), ("workflow", 2), ("execution", 3)])
def test_each_scope_has_its_windows(project: Project, scope: str, windows: int) -> None:
    make_budget(project, scope_type=scope, period="once")
    first = start(project, workflow="errand")
    second = start(project, workflow="chore")
    third = start(project, caller=first.caller, workflow="errand")

    for run in (first, second, third):
        assert run.ask().body["verdict"] == "allow"

    assert Window.objects.count() == windows


@pytest.mark.parametrize("period", ["once", "per_execution", "minute", "day", "month"])
def test_each_period_has_a_window(project: Project, period: str) -> None:
    make_budget(project, period=period, time_zone="Europe/Vienna")
    start(project).ask()

    window = Window.objects.get()
    assert (window.end_at is None) == (period in ("once", "per_execution"))


@pytest.mark.parametrize(("on_exceed", "state"), [("halt", "halted"), ("deny", "running")])
def test_a_shortage_is_refused_with_its_numbers(project: Project, on_exceed: str, state: str) -> None:
    make_budget(project, slug="calls", limit=2, on_exceed=on_exceed)
    run = start(project)
    run.report(run.ask().body["seq"])
    run.ask()

    answer = run.ask()

    (reason,) = answer.body["reasons"]
    assert answer.body["verdict"] == on_exceed
    assert {name: reason[name] for name in ("budget", "version", "limit", "reserved", "spent", "asked")} == {
        "budget": "calls",
        "version": 1,
        "limit": 2,
        "reserved": 1,
        "spent": 1,
        "asked": 1,
    }
    assert run.state == state


def test_money_is_answered_in_dollars_and_recorded_in_micros(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=1, on_exceed="deny")
    run = start(project)

    answer = run.ask(estimate=Estimate(usd_micros=1_500_000))

    assert (answer.body["reasons"][0]["limit"], answer.body["reasons"][0]["asked"]) == ("1.00", "1.50")
    assert run.entries[-1]["decision"]["reasons"][0]["asked"] == 1_500_000


@pytest.mark.parametrize("tight", ["execution", "workflow", "agent", "project"])
def test_the_tight_level_is_named_and_nothing_is_reserved_elsewhere(project: Project, tight: str) -> None:
    for scope in ("execution", "workflow", "agent", "project"):
        make_budget(project, slug=f"by-{scope}", scope_type=scope, period="once", limit=0 if scope == tight else 5)
    run = start(project)

    answer = run.ask()

    assert [reason["budget"] for reason in answer.body["reasons"]] == [f"by-{tight}"]
    assert not Reservation.objects.exists()


def test_settling_gives_back_what_was_not_used(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=1)
    run = start(project)
    seq = run.ask(estimate=Estimate(usd_micros=400_000)).body["seq"]

    answer = run.report(seq, usd_micros=150_000)

    assert (answer.body["verdict"], answer.body["settled"][0]["released"]) == ("allow", "0.25")
    assert _counters() == (0, 150_000, 0, 0)
    assert run.row.spent_micros == 150_000


def test_an_actual_of_nothing_releases_everything(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=DOLLAR)
    run = start(project)

    run.report(run.ask().body["seq"], usd_micros=0)

    assert _counters() == (0, 0, 0, 0)


def test_more_than_was_reserved_is_an_overrun_and_stops(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=DOLLAR)
    run = start(project)

    answer = run.report(run.ask().body["seq"], usd_micros=3 * DOLLAR)

    assert (answer.body["verdict"], answer.body["state"]) == ("halt", "halted")
    assert answer.body["reasons"][0]["code"] == "budget_overrun"
    assert _counters() == (0, 3 * DOLLAR, 2 * DOLLAR, 0)


def test_what_nobody_reported_on_is_presumed_and_counted_as_unresolved(project: Project) -> None:
    make_budget(project, unit="usd", limit=DOLLAR, default_reservation=1000)
    run = start(project)
    run.report(run.ask().body["seq"], usd_micros=10)
    run.ask()
    run.ask()

    run.close()

    closing = run.entries[-1]
    assert (closing["totals"]["unresolved"], closing["presumed"][0]["amount"]) == (2, 2000)
    assert _counters() == (0, 2010, 0, 2000)


def test_a_granted_excess_raises_the_window_by_what_was_missing(project: Project) -> None:
    bob = make_person("Bob")
    rights.grant_role(project=project, person=bob, role=Membership.Role.APPROVER, actor=SYSTEM)
    groups.define(project=project, slug="money", name="Money", people=[bob], actor=SYSTEM)
    make_budget(project, unit="usd", limit=100, default_reservation=1, on_exceed="hold", approvers="money")
    run = start(project)
    dear = Estimate(usd_micros=130)
    assert run.ask(estimate=dear).body["verdict"] == "hold"
    _grant(run, bob.pk)

    answer = run.ask(estimate=dear)

    assert answer.body["verdict"] == "allow"
    window = Window.objects.get()
    assert (window.extra, window.reserved) == (30, 130)


def _grant(run: Run, person: UUID) -> None:
    approvals.decide_approval(
        approval_id=Approval.objects.get(state="pending").pk,
        caller=Caller(project_id=run.row.project_id, person_id=person),
        person_id=person,
        decision="grant",
    )


def test_a_limit_lowered_below_its_use_refuses_and_breaks_nothing(project: Project) -> None:
    made = make_budget(project, unit="usd", limit=DOLLAR, default_reservation=1, on_exceed="deny")
    run = start(project)
    seq = run.ask(estimate=Estimate(usd_micros=600_000)).body["seq"]
    budgets.revise(budget=made.budget, actor=SYSTEM, limit=100)

    assert run.ask(estimate=Estimate(usd_micros=1)).body["verdict"] == "deny"
    assert run.ask(estimate=Estimate(usd_micros=0)).body["verdict"] == "allow"
    assert run.report(seq, usd_micros=600_000).body["verdict"] == "allow"
    budgets.revise(budget=made.budget, actor=SYSTEM, limit=2 * DOLLAR)
    assert run.ask(estimate=Estimate(usd_micros=DOLLAR)).body["verdict"] == "allow"


def test_an_action_that_is_refused_for_another_reason_reserves_nothing(project: Project) -> None:
    make_budget(project)
    make_tool(project, "mail")
    make_policy(project, text=DENY_MAIL)
    run = start(project)

    run.ask("mail")

    assert not Reservation.objects.exists()


def test_results_that_nobody_waits_for_are_refused(project: Project) -> None:
    make_tool(project, "mail")
    make_policy(project, text=DENY_MAIL)
    run = start(project)
    refused = run.ask("mail").body["seq"]
    allowed = run.ask().body["seq"]
    run.report(allowed, usd_micros=1)

    with pytest.raises(NotDispatched):
        run.report(refused)
    with pytest.raises(NotDispatched):
        run.report(1)
    with pytest.raises(NotFound):
        run.report(99)
    with pytest.raises(AlreadySettled):
        run.report(allowed, usd_micros=2)
    assert run.report(allowed, usd_micros=1).replayed
