"""C3 and C4 from the inside: the owner and a superuser meet the guards, and what they do behind them is found.

Whoever switches the guards off and holds the signing key can make a database that agrees with itself. What left the
machine before that does not agree with it.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from django.apps import apps
from django.db import connections

from tests.architecture.models import ROWS_STAY, SEALERS
from tests.factories.executions import Run
from tests.factories.sealing import SIGNER, Seal, bundle_of, check, messages
from tests.faults.bundles.conftest import Rewrite, verified
from tests.plugin.server import TestServer
from waxell.ledger.models import Entry
from waxell.ledger.verifier import verify_bundle
from waxell.lib import canonical

# The sealer's own account of itself, and how witnesses last answered, say what is and not what was.
OF_NOW = {"ledger.Sealer", "ledger.Witness"}
TABLES = sorted(apps.get_model(name)._meta.db_table for name in (ROWS_STAY | SEALERS) - OF_NOW)
type Body = dict[str, Any]


@pytest.fixture(params=["owner", "superuser"])
def insider(request: pytest.FixtureRequest, transactional_db: None, database_server: TestServer) -> Iterator[Any]:
    name = connections["default"].settings_dict["NAME"]
    address = (
        database_server.cluster.superuser(name)
        if request.param == "superuser"
        else database_server.address("owner", name=name)
    )
    with psycopg.connect(address.conninfo(), autocommit=True, options="-c search_path=waxell,public") as connection:
        if request.param == "superuser":
            # It silences ordinary triggers; these are always on.
            connection.execute("SET session_replication_role = replica")
        yield connection


CHANGES = {
    "bytea": "sha256({c})",
    "text": "{c} || 'x'",
    "int8": "{c} + 1",
    "int4": "{c} + 1",
    "uuid": "gen_random_uuid()",
}
COLUMNS = """
SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
COUNT = "SELECT count(*) FROM {t}"


@pytest.mark.parametrize("table", TABLES)
def test_insiders_meet_the_guards(run: Run, insider: psycopg.Connection[Any], table: str) -> None:
    column, kind = next(row for row in insider.execute(COLUMNS, [table]) if row[1] in CHANGES)
    change = f"{column} = {CHANGES[kind].format(c=column)}"
    before = insider.execute(COUNT.format(t=table)).fetchone()
    attacks = ["TRUNCATE {t} CASCADE"]
    if before != (0,):
        attacks += ["DELETE FROM {t}", "UPDATE {t} SET {change}"]

    for attack in attacks:
        with pytest.raises(psycopg.errors.RestrictViolation):
            insider.execute(attack.format(t=table, change=change))

    assert insider.execute(COUNT.format(t=table)).fetchone() == before


def test_most_guarded_tables_have_rows_to_attack(run: Run) -> None:
    """Or the attacks above would prove little."""
    empty = {model._meta.db_table for model in map(apps.get_model, ROWS_STAY | SEALERS) if not model.objects.exists()}  # type: ignore[attr-defined]

    assert empty & set(TABLES) <= {
        "governance_approvalstep",
        "governance_approvalvote",
        "governance_budgetversion",
        "governance_policyapproval",
        "governance_policycase",
        "governance_policycomment",
        "governance_statebudget",
        "ledger_cosignature",
        "ledger_erasure",
        "ledger_tile",
    }


def rebuild(run: Run, rewrite: Rewrite, change: Callable[[list[Body]], list[Body]]) -> None:
    """Write an execution's stream anew, every hash and number fitting."""
    rows = list(Entry.objects.filter(stream=run.id).order_by("seq"))
    bodies = change([orjson.loads(bytes(row.body)) for row in rows])
    if len(bodies) < len(rows):
        rewrite("DELETE FROM ledger_entry WHERE stream = %s AND seq > %s", run.id, len(bodies))
    before: str | None = None
    for seq, body in enumerate(bodies, start=1):
        body |= {"seq": seq, "prev": before}
        if body["type"] == "execution.closed":
            body |= {"entries": seq, "before": before}
        content = canonical.encode(body)
        digest = hashlib.sha256(content).digest()
        rewrite(
            "UPDATE ledger_entry SET body = %s, digest = %s, type = %s WHERE stream = %s AND seq = %s",
            *(content, digest, body["type"], run.id, seq),
        )
        before = "sha256:" + digest.hex()


def backdated(bodies: list[Body]) -> list[Body]:
    return [body | {"at": "2020" + body["at"][4:]} if body["seq"] >= 2 else body for body in bodies]


def without_the_third(bodies: list[Body]) -> list[Body]:
    return [body for body in bodies if body["seq"] != 3]


def test_backdated_entries_are_named_one_by_one(run: Run, rewrite: Rewrite) -> None:
    rebuild(run, rewrite, backdated)

    told = verified()

    last = Entry.objects.filter(stream=run.id).count()
    for seq in range(2, last + 1):
        assert f"stream {run.id} entry {seq}: the entry is not the one that was sealed as leaf" in told
    assert f"stream {run.id} entry 1: the entry is not" not in told
    assert f"stream {run.id} entry 2" in "\n".join(messages(check(bundle_of(run.row))))


def test_an_entry_deleted_and_the_rest_renumbered_is_named(run: Run, rewrite: Rewrite) -> None:
    count = Entry.objects.filter(stream=run.id).count()
    rebuild(run, rewrite, without_the_third)

    told = verified()

    assert f"stream {run.id} entry 3: the entry is not the one that was sealed as leaf" in told
    assert f"stream {run.id} entry {count}: the entry was sealed as leaf" in told


def test_a_database_rewritten_with_the_true_key_is_found_by_what_left_it(
    run: Run, rewrite: Rewrite, seal: Seal, tmp_path: Path
) -> None:
    kept = tmp_path / "monday"
    honest = bundle_of(run.row)
    (note,) = [record["note"] for record in map(orjson.loads, honest.splitlines()) if record["kind"] == "checkpoint"]
    kept.write_text(note)
    rebuild(run, rewrite, backdated)
    rewrite(
        "INSERT INTO ledger_seal_queue (project_id, stream, seq, digest)"
        " SELECT project_id, stream, seq, digest FROM ledger_entry"
    )
    rewrite("DELETE FROM ledger_leaf")
    rewrite("DELETE FROM ledger_checkpoint")
    seal()

    told = verified("--unpublished", "--key", str(SIGNER.verifier), "--checkpoint", str(kept))

    # The trees agree with themselves; only the checkpoint that was kept elsewhere contradicts.
    assert "is not the one that was sealed" not in told
    assert "it commits to another history than the one that is here" in told
    old = verify_bundle.Checkpoint.parse(note)
    (fault,) = messages(check(bundle_of(run.row), checkpoints=[("monday", old)]))[:1]
    assert "history was rewritten" in fault
    assert messages(check(honest)) == []
