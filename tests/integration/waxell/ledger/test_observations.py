"""Readiness turns red when nothing is sealed, and invariants notice a log that somebody touched."""

import pytest
from psycopg import sql

from executions.queries.invariants import check_invariants
from governance.models import Project
from tests.factories import make_project
from tests.sealing.ground import Ground, write
from waxell.ledger.queries import observations
from waxell.ledger.services import keys


@pytest.fixture
def project(ground: Ground) -> Project:
    return make_project()


def test_sealing_is_green_while_it_goes_on(ground: Ground, project: Project) -> None:
    assert observations.look_at_sealing().holds
    ground.seal()
    found = observations.look_at_sealing()
    assert (found.holds, found.figures["queued"]) == (True, 0)


def test_a_sealer_that_refuses_is_red_until_it_seals_again(ground: Ground, project: Project) -> None:
    ground.seal()
    away = ground.keys.path.rename(ground.path / "away")
    write(project.pk, project.pk)
    with pytest.raises(keys.KeyMissing):
        ground.seal()
    found = observations.look_at_sealing()
    assert (found.holds, found.fails) == (False, True)
    assert "key_missing" in found.message
    assert {gauge.name: gauge.values[()] for gauge in observations.gauges()}["waxell_sealing_stopped"] == 1
    away.rename(ground.keys.path)
    ground.seal()
    assert observations.look_at_sealing().holds


def test_entries_that_nobody_seals_turn_red_by_age(ground: Ground, project: Project) -> None:
    with ground.owner() as owner:
        owner.execute("UPDATE ledger_seal_queue SET queued_at = now() - interval '20 seconds'")
    found = observations.look_at_sealing()
    assert (found.holds, found.fails) == (False, True)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("ledger_checkpoint", "root = sha256(root) WHERE size < (SELECT max(size) FROM ledger_checkpoint)"),
        ("ledger_checkpoint", "note = replace(note, E'\\n\\n', E'\\nextension\\n\\n')"),
        ("ledger_leaf", "digest = sha256(digest) WHERE index = 3"),
        ("ledger_tile", "root = sha256(root)"),
    ],
)
def test_a_touched_log_is_noticed(ground: Ground, project: Project, table: str, change: str) -> None:
    for _ in range(2):
        write(project.pk, project.pk, 150)
        ground.seal()
    assert check_invariants() == []
    guard = sql.Identifier(f"{table}_append_only")
    with ground.owner() as owner:
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(sql.Identifier(table), guard))
        try:
            owner.execute(sql.SQL("UPDATE {} SET ").format(sql.Identifier(table)) + sql.SQL(change))
        finally:
            owner.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(sql.Identifier(table), guard))
    assert "I8" in {violation.invariant for violation in check_invariants()}
