"""Prepared calls on Django's own connection."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from waxell.lib.db import calls

pytestmark = pytest.mark.django_db(transaction=True)


def test_values_travel_as_what_they_are() -> None:
    key = UUID(int=7)
    row = calls.call_one(
        "SELECT %s::uuid AS key, %s::bytea AS raw, %s::bigint[] AS counts, %s::jsonb AS document, %s::text AS name",
        (key, b"\x00\xff", [1, 2**40], '{"a": 1}', "bob"),
    )
    assert tuple(row) == (key, b"\x00\xff", [1, 2**40], {"a": 1}, "bob")
    assert row.name == "bob"


def test_one_text_is_one_prepared_statement_whatever_the_size_of_a_number() -> None:
    for number in (1, 40_000, 2**40):
        assert calls.call_one("SELECT %s AS probe_number", (number,)).probe_number == number
    prepared = calls.call("SELECT 1 FROM pg_prepared_statements WHERE statement LIKE %s", ("%probe_number%",))
    assert len(prepared) == 1


def test_no_rows_and_no_result_are_told_apart_from_errors() -> None:
    assert calls.call_one("SELECT 1 WHERE false") is None
    assert calls.call("SET LOCAL statement_timeout = 0") == []


def test_errors_are_djangos() -> None:
    with pytest.raises(IntegrityError) as caught:
        calls.call("DO $$ BEGIN RAISE unique_violation USING CONSTRAINT = 'probe'; END $$")
    assert caught.value.__cause__.diag.constraint_name == "probe"  # type: ignore[union-attr]


def test_a_call_inside_atomic_belongs_to_that_transaction() -> None:
    with transaction.atomic():
        first = calls.call_one("SELECT txid_current() AS id").id
        assert calls.call_one("SELECT txid_current() AS id").id == first
    assert connection.get_autocommit()
    assert calls.call_one("SELECT txid_current() AS id").id != first
