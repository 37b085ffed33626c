"""The short road allows what the full road allows, writes what it writes, and steps back from all else."""

import threading
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from executions.domain.replaying import Outcome
from executions.models import Execution
from executions.queries.replays import replay_decisions
from executions.services import glances
from executions.services.appending import Answer, ExecutionClosed, Fenced
from executions.services.callers import Caller
from executions.services.gate import ExecutionPending, ExecutionSuspended
from governance.domain.facts import Estimate
from governance.domain.kinds import Kind
from governance.domain.requests import Retry, retry_of
from governance.models import Project, Reservation, StoredAnswer
from governance.services.requests import IdempotencyKeyReused
from tests.factories import make_agent, make_budget, make_key, make_policy, make_tool, make_workflow
from tests.factories.executions import Run, at_once, caller_of, start
from tests.factories.roads import FULL, NEITHER, SHORT, comparable, forget, take, warm
from waxell.ledger.models import Entry
from waxell.lib.errors import NotFound, Unauthenticated

COUNTED = (
    *("seq", "actions", "unresolved", "model_calls", "tool_calls", "refusals", "repeats", "last_call"),
    *("spent_micros", "tokens", "governance_digest", "states_seen"),
)
REPEATED = """
@id("on-{effect}") @message("Three times.") @effect("{effect}")
forbid (principal, action in Action::"tool.call", resource == Tool::"{tool}") when {{ context.repeats >= 2 }};
"""


def twins(project: Project, **wanted: Any) -> tuple[Run, Run]:
    """Two executions of one agent, of which what is remembered serves both."""
    first = start(project, **wanted)
    return first, start(project, caller=first.caller, **wanted)


def test_it_writes_what_the_full_road_writes(project: Project) -> None:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    make_tool(project, "search", groups=["web", "cheap"], schema=schema, cost_micros=70)
    for unit, default in (("usd", 5), ("tokens", 9), ("actions", None), ("tool_calls", None)):
        budget = {"limit": 1000, "period": "per_execution", "default_reservation": default}
        make_budget(project, unit=unit, scope_type="execution", **budget)
    make_policy(project, text=REPEATED.format(effect="halt", tool="search").replace(">= 2", ">= 0"), mode="shadow")
    agent = make_agent(project, teams=["red", "blue"])
    caller = caller_of(make_key(project, agent))
    short, full = (start(project, caller=caller, labels={"team": "red"}, environment="prod") for _ in range(2))
    acts: list[dict[str, Any]] = [
        {"args": {"q": "licences"}, "estimate": Estimate(tokens=3, seconds=4)},
        {"args": {"q": "licences"}, "estimate": Estimate(usd_micros=11)},
        {"args": {"q": "ÄÖ \u2603"}},
    ]
    roads = [take(lambda act=act: short.ask(**act))[0] for act in acts]
    for act in acts:
        forget(project)
        assert take(lambda act=act: full.ask(**act))[0] == FULL

    assert roads == [FULL, SHORT, SHORT]
    assert [comparable(entry) for entry in short.entries[1:]] == [comparable(entry) for entry in full.entries[1:]]
    columns = ("seq", "type", "verdict", "state", "about", "cites")
    searched = [list(Entry.objects.filter(stream=run.id).order_by("seq").values(*columns)) for run in (short, full)]
    assert searched[0] == searched[1]
    rows = [Execution.objects.filter(pk=run.id).values(*COUNTED).get() for run in (short, full)]
    assert rows[0] == rows[1]
    held = ("action_seq", "unit", "amount", "state", "budget_version", "reserved_after", "spent_after")
    booked = [
        list(Reservation.objects.filter(execution_id=run.id).order_by("action_seq", "unit").values(*held))
        for run in (short, full)
    ]
    assert booked[0] == booked[1]
    assert len(booked[0]) == 4 + 3 + 3
    replayed = [again.replay.outcome for run in (short, full) for again in replay_decisions(execution=run.id)]
    assert replayed == [Outcome.SAME] * 8
    assert short.entries[-1]["decision"]["shadow"]


@pytest.mark.parametrize("effect", ["deny", "hold", "halt", "flag", "shadow"])
def test_what_it_does_not_allow_ends_as_on_the_full_road(project: Project, effect: str) -> None:
    make_tool(project, "search")
    bound = "halt" if effect == "shadow" else effect
    mode = "shadow" if effect == "shadow" else "enforced"
    make_policy(project, text=REPEATED.format(effect=bound, tool="search"), mode=mode)
    short, full = twins(project)
    answers: dict[str, Answer] = {}

    roads = []
    for _ in range(3):
        road, answers["short"] = take(short.ask)
        roads.append(road)
    for _ in range(3):
        forget(project)
        answers["full"] = full.ask()

    assert roads == [FULL, SHORT, SHORT if effect in ("flag", "shadow") else FULL]
    said = [
        {name: value for name, value in answers[road].body.items() if name not in ("receipt", "approval")}
        for road in ("short", "full")
    ]
    assert said[0] == said[1]
    assert ("approval" in answers["short"].body) == ("approval" in answers["full"].body) == (effect == "hold")
    decided = [[comparable(entry) for entry in run.entries[1:] if "facts" in entry] for run in (short, full)]
    assert decided[0] == decided[1]
    assert (short.state, len(short.entries)) == (full.state, len(full.entries))


@pytest.mark.parametrize("on_exceed", ["halt", "deny"])
def test_it_steps_back_when_a_budget_is_used_up(project: Project, on_exceed: str) -> None:
    make_tool(project, "search")
    make_budget(project, slug="few", limit=3, on_exceed=on_exceed)
    run = start(project)

    taken = [take(run.ask) for _ in range(4)]

    assert [road for road, _ in taken] == [FULL, SHORT, SHORT, FULL]
    assert [answer.body["verdict"] for _, answer in taken] == ["allow"] * 3 + [on_exceed]
    assert taken[-1][1].body["reasons"][0]["reserved"] == 3


def test_windows_that_are_not_there_yet_are_made_on_the_full_road(
    project: Project, owner: psycopg.Connection[Any]
) -> None:
    make_tool(project, "search")
    make_budget(project, scope_type="execution", period="per_execution")
    make_budget(project, slug="by-minute", period="minute")
    first, second = twins(project)
    warm(first)

    assert [take(second.ask)[0] for _ in range(2)] == [FULL, SHORT]
    # What a window looks like once its minute is over.
    moved = "UPDATE governance_window SET start_at = start_at {0}, end_at = end_at {0} WHERE end_at IS NOT NULL"
    owner.execute(moved.format("- interval '10 minutes'"))
    glance = glances.take(second.id)
    owner.execute(moved.format("+ interval '10 minutes'"))
    assert glance is not None
    windows = {window["slug"]: window["window"] for window in glance.seen["windows"]}
    assert (windows.pop("by-minute"), len(windows)) == (None, 1)
    assert None not in windows.values()


def test_a_request_that_comes_again_gets_the_stored_answer(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    def retry(body: object) -> Retry | None:
        return retry_of(caller=run.caller.key_id or "", path="/actions/", key="k", body=body)

    road, first = take(lambda: run.ask(retry=retry({"n": 1})))
    again = run.ask(retry=retry({"n": 1}))
    with pytest.raises(IdempotencyKeyReused):
        run.ask(retry=retry({"n": 2}))

    assert (road, first.replayed, again.replayed) == (SHORT, False, True)
    assert again.body == first.body
    assert (StoredAnswer.objects.count(), len(run.entries)) == (1, 4)
    assert run.ask().body["verdict"] == "allow"


def test_twins_at_once_are_one_action(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)
    retry = retry_of(caller=run.caller.key_id or "", path="/actions/", key="k", body={})

    outcomes = at_once([lambda: run.ask(retry=retry)] * 4)

    assert [outcome.replayed for outcome in outcomes if isinstance(outcome, Answer)].count(False) == 1
    assert len({outcome.body["seq"] for outcome in outcomes if isinstance(outcome, Answer)}) == 1
    assert [outcome for outcome in outcomes if not isinstance(outcome, Answer)] == []


def test_whoever_may_not_act_is_refused_as_before(project: Project) -> None:
    make_tool(project, "search")
    make_tool(project, "mail")
    make_workflow(project, "batch", kind="worker")
    make_policy(project, text=REPEATED.format(effect="hold", tool="mail").replace(">= 2", ">= 0"))
    run, other = twins(project)
    held, ended = (start(project, caller=run.caller) for _ in range(2))
    waiting = start(project, caller=run.caller, workflow="batch")
    stranger = start(project)
    warm(run)
    warm(stranger)
    held.ask("mail")
    ended.close()

    for act, error in (
        (lambda: run.ask(fence=run.fence + 1), Fenced),
        (held.ask, ExecutionSuspended),
        (ended.ask, ExecutionClosed),
        (waiting.ask, ExecutionPending),
        (Run(caller=stranger.caller, id=run.id, fence=run.fence, answer=run.answer).ask, NotFound),
        (_presenting(run, "wrong").ask, Unauthenticated),
        (_presenting(run, None).ask, Unauthenticated),
    ):
        with pytest.raises(error):
            act()

    assert [len(each.entries) for each in (run, other, held, waiting)] == [3, 1, 2, 1]
    assert take(run.ask)[0] == SHORT


def test_an_execution_that_is_locked_too_long_is_tried_again_on_the_full_road(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)
    taken: list[tuple[str, Answer]] = []

    def ask() -> Answer:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        taken.append(take(run.ask))
        return taken[0][1]

    with transaction.atomic():
        _sql("SELECT execution_lock_v1(%s, %s)", project.pk, run.id)
        thread = threading.Thread(target=lambda: at_once([ask]))
        thread.start()
        thread.join(timeout=0.25)
        assert thread.is_alive()
    thread.join(timeout=20)

    ((road, answer),) = taken
    assert (road, answer.body["verdict"], len(run.entries)) == (FULL, "allow", 4)


def test_prepared_statements_outlive_rollbacks_and_sessions(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    transaction.set_autocommit(False)
    _sql("SELECT 1")
    transaction.rollback()
    transaction.set_autocommit(True)
    assert _sql("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'waxell%%'") == 0
    assert run.ask().body["verdict"] == "allow"
    assert take(run.ask)[0] == SHORT

    mine = _sql("SELECT pg_backend_pid()")
    at_once([lambda: _sql("SELECT pg_terminate_backend(%s)", mine)])
    with pytest.raises(OperationalError):
        run.ask()
    connection.close_if_unusable_or_obsolete()
    assert _sql("SELECT pg_backend_pid()") != mine
    road, answer = take(run.ask)
    assert (road, answer.body["verdict"]) == (SHORT, "allow")


def test_inside_a_transaction_it_works_and_leaves_nothing_when_that_is_rolled_back(project: Project) -> None:
    make_tool(project, "search")
    run = start(project)
    warm(run)

    with transaction.atomic():
        assert run.ask().body["verdict"] == "allow"
        assert len(run.entries) == 4
        transaction.set_rollback(True)

    assert len(run.entries) == 3


def test_other_kinds_of_action_take_it_too(project: Project) -> None:
    run = start(project)
    roads = [take(lambda: run.ask("notes", kind=Kind.MEMORY_WRITE))[0] for _ in range(2)]
    # The first call of an unknown tool puts it into the registry, which moves the epoch.
    roads += [take(lambda: run.ask("unheard-of"))[0] for _ in range(3)]

    assert roads == [FULL, SHORT, FULL, FULL, SHORT]
    assert NEITHER not in roads


def _presenting(run: Run, secret: str | None) -> Run:
    caller = Caller(key_id=run.caller.key_id, secret=secret)
    return Run(caller=caller, id=run.id, fence=run.fence, answer=run.answer)


def _sql(text: str, *params: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return cursor.fetchone()[0] if cursor.description else None
