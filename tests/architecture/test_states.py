"""The states of an execution are one table, in Python, in PostgreSQL, in the models and in the docs."""

from itertools import product

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from executions.domain.states import TERMINAL, TRANSITIONS, State
from executions.management.commands import diagram
from executions.models import Execution
from executions.models.executions import LIVE


@pytest.mark.django_db
def test_postgresql_follows_the_same_transitions() -> None:
    pairs = list(product(State, State))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a, b, execution_transition_v1(a, b) FROM unnest(%s::text[], %s::text[]) AS pair (a, b)",
            [[str(before) for before, _ in pairs], [str(after) for _, after in pairs]],
        )
        allowed = {(before, after) for before, after, yes in cursor.fetchall() if yes}

    assert allowed == {(before, after) for before, following in TRANSITIONS.items() for after in following}


@pytest.mark.django_db
def test_postgresql_ends_with_the_same_states() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT s FROM unnest(%s::text[]) AS s WHERE execution_ended_v1(s)", [[str(s) for s in State]])
        assert {State(name) for (name,) in cursor.fetchall()} == TERMINAL


def test_every_state_is_live_or_terminal() -> None:
    assert set(TRANSITIONS) == set(State) - TERMINAL
    assert {str(state) for state in TRANSITIONS} == set(LIVE)
    assert {choice.value for choice in Execution.State} == {state.value for state in State}


def test_every_live_state_can_end() -> None:
    assert all(following & TERMINAL for following in TRANSITIONS.values())


def test_the_diagram_is_drawn_from_the_table() -> None:
    call_command("diagram", check=True)

    lines = diagram.draw().splitlines()
    assert len([line for line in lines if "-->" in line and "[*]" not in line]) == sum(map(len, TRANSITIONS.values()))


def test_a_stale_diagram_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(diagram, "FILE", tmp_path / "states.md")  # type: ignore[operator]
    with pytest.raises(CommandError):
        call_command("diagram", check=True)
