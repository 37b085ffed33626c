"""What a process remembers between two actions is watched: whatever a snapshot reads of it moves the epoch."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.db import connection

SNAPSHOT: Final = sorted((Path(__file__).resolve().parents[2] / "executions" / "sql").glob("gate_snapshot_v*.sql"))[-1]
REGISTRY: Final = ("apikey", "project", "team", "agent", "agent_teams", "workflow", "tool", "model")
# Keys that nothing changes, and what an answer may need but no decision does.
UNWATCHED: Final = {"id", "project_id", "accountable_id", "requests_per_minute", "service"}
INSERT, DELETE, UPDATE = 4, 8, 16
# Rows whose coming or going changes what is known of a name, and not only what it says.
COME_AND_GO: Final = ("governance_agent", "governance_agent_teams", "governance_tool", "governance_model")

TRIGGERS: Final = """
SELECT t.tgrelid::regclass::text, t.tgtype,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = t.tgrelid AND a.attnum > 0 AND NOT a.attisdropped
                AND (t.tgattr::text = '' OR a.attnum = ANY (string_to_array(t.tgattr::text, ' ')::int[])))
  FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
 WHERE f.proname = 'registry_moved_v1' AND t.tgenabled = 'A' AND t.tgdeferrable AND t.tginitdeferred
"""


def _read() -> dict[str, set[str]]:
    """The columns of the registry that the snapshot reads, by table."""
    found: dict[str, set[str]] = {}
    for statement in SNAPSHOT.read_text().split(";"):
        tables = re.findall(rf"\b(governance_(?:{'|'.join(REGISTRY)})) (\w+)\b", statement)
        for table, alias in tables:
            found.setdefault(table, set()).update(re.findall(rf"\b{alias}\.(\w+)", statement))
    return {table: columns - UNWATCHED for table, columns in found.items()}


@pytest.mark.django_db
def test_whatever_the_snapshot_reads_of_the_registry_moves_the_epoch() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        watched = {table: (events, set(columns)) for table, events, columns in cursor.fetchall()}

    assert set(_read()) == {f"governance_{name}" for name in REGISTRY}
    unseen = {table: columns - watched.get(table, (0, set()))[1] for table, columns in _read().items()}
    assert {table: columns for table, columns in unseen.items() if columns} == {}
    assert [table for table, (events, _) in watched.items() if not events & UPDATE] == []
    assert [table for table in COME_AND_GO if watched[table][0] & (INSERT | DELETE) != INSERT | DELETE] == []
